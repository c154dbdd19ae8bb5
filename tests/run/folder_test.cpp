#include "regard/run/folder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "readers/helpers.hpp"
#include "regard/base/files.hpp"
#include "regard/run/checkpoint.hpp"
#include "regard/run/json_lines.hpp"
#include "regard/run/machine.hpp"
#include "regard/run/progress.hpp"
#include "regard/run/signals.hpp"

namespace regard::run {
namespace {

using data::contains;
using data::input_error;
using data::TemporaryFolder;

TEST(Folder, HasOneOwner) {
  const TemporaryFolder temporary;
  const std::filesystem::path path = temporary / "run";
  {
    const Folder folder(path, Folder::Open::kNew);
    EXPECT_TRUE(contains(input_error([&] { Folder(path, Folder::Open::kResume); }),
                         "another run is at work"));
  }
  write_atomically(path / "last.safetensors.tmp7", "half");
  const Folder again(path, Folder::Open::kNew);
  EXPECT_FALSE(std::filesystem::exists(path / "last.safetensors.tmp7"));
}

TEST(Folder, ANewRunTakesOnlyWhatHasNoCheckpoint) {
  const TemporaryFolder temporary;
  const std::filesystem::path path = temporary / "run";
  std::filesystem::create_directory(path);
  for (const char* name : {"recipe.toml", "metrics.jsonl"}) write_atomically(path / name, "x");
  { const Folder folder(path, Folder::Open::kNew); }
  write_atomically(path / "last.safetensors", "x");
  EXPECT_TRUE(
      contains(input_error([&] { Folder(path, Folder::Open::kNew); }), "--resume continues"));
  const Folder folder(path, Folder::Open::kResume);
  EXPECT_TRUE(folder.resumes());
}

TEST(SignalScope, NotesASignalAndGivesItBack) {
  {
    const SignalScope scope;
    EXPECT_EQ(SignalScope::caught(), 0);
    for (const int signal : {SIGTERM, SIGHUP}) {
      std::raise(signal);
      EXPECT_EQ(SignalScope::caught(), signal);
    }
  }
  struct sigaction now {};
  sigaction(SIGTERM, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST(Progress, KnowsTheTimeThatIsLeft) {
  EXPECT_EQ(seconds_left(0.25, 0, 10), 30);
  EXPECT_EQ(seconds_left(0.75, 0.5, 10), 10);
  EXPECT_EQ(seconds_left(0.5, 0.5, 10), -1);
}

TEST(Machine, FactsAreThere) {
  EXPECT_GE(cores(), 1);
  EXPECT_GT(peak_memory(), 1 << 20);
  const auto facts = machine_facts();
  EXPECT_EQ(facts.front().first, "processor");
  for (const auto& [name, value] : facts) EXPECT_FALSE(value.empty()) << name;
}

/// x_{t+1} = x_t + t^2 to step 200, with everything that a long run has; sent to sleep at each
/// step.
void work(const std::filesystem::path& path) {
  const Folder folder(path, Folder::Open::kResume);
  const Identity identity{"squares", 1, {}};
  std::vector<double> x = {0, 0};
  int64_t step = 0;
  if (std::filesystem::exists(folder.last())) {
    const auto checkpoint = load_checkpoint(folder.last(), identity);
    x = values_of<double>(checkpoint.arrays, "x", {2});
    step = checkpoint.state["step"];
  }
  const SignalScope signals;
  JsonLines lines(folder.metrics(), JsonLines::up_to("step", step));
  const auto save = [&] {
    lines.sync();
    save_checkpoint(folder.last(), {{"x", array(x, {2})}}, {{"step", step}}, identity);
  };
  while (step < 200) {
    ++step;
    x[0] += static_cast<double>(step * step);
    x[1] += x[0] / 3;
    lines.write("{\"step\":" + std::to_string(step) + ",\"x\":" + std::to_string(x[1]) + "}");
    if (step % 10 == 0) save();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (SignalScope::caught() != 0) {
      save();
      std::_Exit(128 + SignalScope::caught());
    }
  }
  save();
}

pid_t start_work(const std::filesystem::path& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    work(path);
    std::_Exit(0);
  }
  return child;
}

TEST(Run, SurvivesSigkillAndSigtermAtAnyMomentToTheSameBytes) {
  const TemporaryFolder temporary;
  work(temporary / "whole");
  int stopped = 0;
  for (int turn = 0; turn < 40; ++turn) {
    const pid_t child = start_work(temporary / "killed");
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + 7 * turn % 60));
    ::kill(child, turn % 3 == 0 ? SIGTERM : SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status) || WEXITSTATUS(status) == 128 + SIGTERM) ++stopped;
  }
  EXPECT_GE(stopped, 5);
  int status = 0;
  ::waitpid(start_work(temporary / "killed"), &status, 0);
  EXPECT_EQ(status, 0);
  for (const char* name : {"last.safetensors", "metrics.jsonl"})
    EXPECT_EQ(read_file(temporary / (std::string("killed/") + name)),
              read_file(temporary / (std::string("whole/") + name)))
        << name;
}

}  // namespace
}  // namespace regard::run
