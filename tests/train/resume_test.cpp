// A run that SIGKILL ends at random moments, and goes on each time, ends with the same bytes as one
// that nothing disturbed. The run is this program again, in a process of its own.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include "regard/base/files.hpp"
#include "regard/train/loop.hpp"
#include "toy.hpp"

namespace regard::train {
namespace {

constexpr const char* kFolder = "REGARD_TEST_RUN_FOLDER";

Spec spec_of_the_run() {
  Spec spec;
  spec.steps = 240;
  spec.eval_every = 25;
  spec.checkpoint_every = 4;
  spec.log_every = 7;
  spec.accumulate = 2;
  spec.ema = 0.95;
  spec.keep = 2;
  return spec;
}

/// The process that is killed; as a test of its own it runs in a folder of its own.
TEST(ResumeChild, RunsToItsEnd) {
  const TemporaryFolder temporary;
  const char* path = std::getenv(kFolder);
  const run::Folder folder(path != nullptr ? path : temporary.path() / "run",
                           run::Folder::Open::kResume);
  BaselineLearner learner(0.2);
  ToyBatches batches;
  const auto slow = [](const Progress&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  };
  const auto outcome =
      run(learner, batches, toy_evaluation(), spec_of_the_run(), folder, {"toy", 3, {}}, slow);
  EXPECT_EQ(outcome.step, 240);
}

pid_t start(const std::filesystem::path& folder) {
  const pid_t child = fork();
  if (child == 0) {
    setenv(kFolder, folder.c_str(), 1);
    execl("/proc/self/exe", "test_train", "--gtest_filter=ResumeChild.RunsToItsEnd",
          "--gtest_brief=1", nullptr);
    _exit(127);
  }
  return child;
}

/// Waits until the run has written anything, then `delay` more. True when the child is still there.
bool running_after(pid_t child, const std::filesystem::path& folder,
                   std::chrono::microseconds delay, std::filesystem::file_time_type before) {
  const auto changed = [&] {
    std::error_code error;
    return std::filesystem::last_write_time(folder / "metrics.jsonl", error) != before && !error;
  };
  while (!changed()) {
    if (waitpid(child, nullptr, WNOHANG) != 0) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::this_thread::sleep_for(delay);
  return waitpid(child, nullptr, WNOHANG) == 0;
}

TEST(Resume, SurvivesSigkillAtRandomMoments) {
  const TemporaryFolder temporary;
  const auto calm = temporary.path() / "calm", killed = temporary.path() / "killed";
  int status = 0;
  waitpid(start(calm), &status, 0);
  ASSERT_EQ(status, 0);

  std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> delay(0, 60'000);
  int kills = 0;
  for (int attempt = 0; attempt < 30 && kills < 5; ++attempt) {
    std::error_code error;
    const auto before = std::filesystem::last_write_time(killed / "metrics.jsonl", error);
    const pid_t child = start(killed);
    const std::chrono::microseconds wait(delay(random));
    if (!running_after(child, killed, wait, before)) {
      // Done before its time; with few kills so far, a fresh run must show more.
      if (kills >= 2) break;
      std::filesystem::remove_all(killed);
      kills = 0;
      continue;
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    kills += WIFSIGNALED(status) ? 1 : 0;
  }
  EXPECT_GE(kills, 2);
  waitpid(start(killed), &status, 0);
  ASSERT_EQ(status, 0);
  for (const char* name : {"last.safetensors", "best.safetensors"}) {
    EXPECT_TRUE(read_file(calm / name) == read_file(killed / name)) << name;
  }
}

}  // namespace
}  // namespace regard::train
