// Jobs in processes of their own: each is this very program with other arguments, so that a fault
// or its memory is its own.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace regard::run {

struct Job {
  std::vector<std::string> arguments;  // of this program
  std::filesystem::path log;           // gets its output, behind what is there
};

/// What the caller hears of its jobs, by their place in the list.
struct JobWatch {
  std::function<void(std::size_t job)> starts;
  /// `code`: exit code, or 128 + signal.
  std::function<void(std::size_t job, int code)> ended;
  /// About five times a second.
  std::function<void(const std::vector<std::size_t>& running)> running;
  /// After a signal, before the jobs are stopped.
  std::function<void()> stopping;
};

/// Runs all jobs, `parallel` at a time, in order. SIGINT, SIGTERM and SIGHUP are passed on to those
/// that run; Interrupted, once these have ended. They also get SIGTERM when this process ends in
/// any other way. Called from the main thread, since the end of the thread that started them
/// counts; no other child may be waited for.
void run_jobs(const std::vector<Job>& jobs, int64_t parallel, const JobWatch& watch);

}  // namespace regard::run
