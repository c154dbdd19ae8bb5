#include "regard/run/jobs.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <thread>

#include "regard/base/error.hpp"
#include "regard/run/signals.hpp"

namespace regard::run {
namespace {

// Between fork and exec only calls that are safe in a signal handler.
[[noreturn]] void become(char** argv, const char* log, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(128 + SIGTERM);  // it ended before the line above
  // A group of its own: a terminal's Ctrl-C reaches the parent alone, which passes it on once.
  ::setpgid(0, 0);
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (in >= 0 && out >= 0 && ::dup2(in, 0) == 0 && ::dup2(out, 1) == 1 && ::dup2(out, 2) == 2) {
    ::execv("/proc/self/exe", argv);
  }
  ::_exit(127);
}

pid_t start(const Job& job) {
  std::vector<char*> argv;
  static char name[] = "regard";
  argv.push_back(name);
  for (const auto& a : job.arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid(), pid = ::fork();
  if (pid < 0) throw RunError(std::string("a job cannot be started: ") + std::strerror(errno));
  if (pid == 0) become(argv.data(), job.log.c_str(), parent);
  return pid;
}

using Running = std::map<pid_t, std::size_t>;

void stop(const Running& running) {
  for (const auto& [pid, job] : running) ::kill(pid, SIGTERM);
  for (const auto& [pid, job] : running) ::waitpid(pid, nullptr, 0);
}

// Hands over the jobs that have ended.
void collect(Running& running, const JobWatch& watch) {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto found = running.find(pid);
    if (found == running.end()) continue;
    const auto job = found->second;
    running.erase(found);
    watch.ended(job, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
}

}  // namespace

void run_jobs(const std::vector<Job>& jobs, int64_t parallel, const JobWatch& watch) {
  const SignalScope signals;
  Running running;
  for (std::size_t next = 0; next < jobs.size() || !running.empty();) {
    if (const int signal = SignalScope::caught(); signal != 0) {
      if (watch.stopping) watch.stopping();
      stop(running);
      throw Interrupted(signal);
    }
    for (; next < jobs.size() && static_cast<int64_t>(running.size()) < parallel; ++next) {
      if (watch.starts) watch.starts(next);
      running.emplace(start(jobs[next]), next);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    collect(running, watch);
    std::vector<std::size_t> now;
    for (const auto& [pid, job] : running) now.push_back(job);
    if (watch.running) watch.running(now);
  }
}

}  // namespace regard::run
