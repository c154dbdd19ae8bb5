#include "regard/run/jobs.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include "readers/helpers.hpp"
#include "regard/base/files.hpp"

namespace regard::run {
namespace {

using data::TemporaryFolder;
using namespace std::chrono_literals;

// What a job of these tests does: this program again, with one of these alone.
bool is_child() { return std::getenv("REGARD_TEST_JOB") != nullptr; }

TEST(JobChild, EndsWith3) {
  if (!is_child()) GTEST_SKIP() << "a job of the tests below";
  std::printf("three\n");
  std::fflush(stdout);
  std::_Exit(3);
}

TEST(JobChild, Waits) {
  if (!is_child()) GTEST_SKIP() << "a job of the tests below";
  std::this_thread::sleep_for(60s);
}

// Starts a job that waits, and waits for it: the parent that the last test kills.
TEST(JobChild, IsAParent) {
  if (!is_child()) GTEST_SKIP() << "a job of the tests below";
  const std::string folder = std::getenv("REGARD_TEST_JOB");
  run_jobs({{{"--gtest_filter=JobChild.Waits", folder}, folder + "/log"}}, 1,
           {.starts = {}, .ended = [](std::size_t, int) {}, .running = {}, .stopping = {}});
}

Job job(const std::string& name, const std::string& log) {
  return {{"--gtest_filter=JobChild." + name}, log};
}

class Jobs : public testing::Test {
 protected:
  void SetUp() override { ::setenv("REGARD_TEST_JOB", (folder / "").c_str(), 1); }
  void TearDown() override { ::unsetenv("REGARD_TEST_JOB"); }
  TemporaryFolder folder;
};

TEST_F(Jobs, RunInOrderSoManyAtATimeAndTellHowTheyEnd) {
  std::vector<std::size_t> started;
  std::map<std::size_t, int> codes;
  std::size_t most = 0;
  const auto log = folder / "log";
  run_jobs({job("EndsWith3", log), job("EndsWith3", log), job("EndsWith3", log)}, 2,
           {.starts = [&](std::size_t i) { started.push_back(i); },
            .ended = [&](std::size_t i, int code) { codes[i] = code; },
            .running = [&](const auto& now) { most = std::max(most, now.size()); },
            .stopping = {}});
  EXPECT_EQ(started, (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(codes, (std::map<std::size_t, int>{{0, 3}, {1, 3}, {2, 3}}));
  EXPECT_LE(most, 2u);
  const auto text = read_file(log);
  EXPECT_NE(text.find("three"), text.rfind("three")) << "a log is written behind what is there";
}

TEST_F(Jobs, ASignalStopsThemAndIsTold) {
  bool told = false;
  std::vector<int> codes;
  const auto act = [&] {
    run_jobs({job("Waits", folder / "log")}, 1,
             {.starts = {},
              .ended = [&](std::size_t, int code) { codes.push_back(code); },
              .running = [](const auto&) { ::raise(SIGTERM); },
              .stopping = [&] { told = true; }});
  };
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THROW(act(), Interrupted);
  EXPECT_TRUE(told);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
}

std::size_t processes_with(const std::string& word) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream in(entry.path() / "cmdline");
    const std::string line((std::istreambuf_iterator<char>(in)), {});
    count += line.find(word) != std::string::npos;
  }
  return count;
}

TEST_F(Jobs, EndWithTheirParentHoweverItEnds) {
  const auto mark = folder / "";
  run_jobs(
      {job("IsAParent", folder / "parent")}, 1,
      {.starts = {},
       .ended = [](std::size_t, int code) { EXPECT_EQ(code, 128 + SIGKILL); },
       .running =
           [&](const auto&) {
             if (processes_with(mark) == 0) return;
             for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
               std::ifstream in(entry.path() / "cmdline");
               const std::string line((std::istreambuf_iterator<char>(in)), {});
               if (line.find("JobChild.IsAParent") == std::string::npos) continue;
               std::ifstream status(entry.path() / "status");
               const std::string facts((std::istreambuf_iterator<char>(status)), {});
               if (facts.find("PPid:\t" + std::to_string(::getpid()) + "\n") != std::string::npos)
                 ::kill(std::stoi(entry.path().filename().string()), SIGKILL);
             }
           },
       .stopping = {}});
  for (int i = 0; i < 100 && processes_with(mark) > 0; ++i) std::this_thread::sleep_for(50ms);
  EXPECT_EQ(processes_with(mark), 0u);
}

}  // namespace
}  // namespace regard::run
