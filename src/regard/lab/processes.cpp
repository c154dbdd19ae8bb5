#include "regard/lab/processes.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "regard/base/error.hpp"

namespace regard::lab {
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

}  // namespace

pid_t start_self(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  std::vector<char*> argv;
  static char name[] = "regard";
  argv.push_back(name);
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid(), pid = ::fork();
  if (pid < 0)
    throw RunError(std::string("compare: a run cannot be started: ") + std::strerror(errno));
  if (pid == 0) become(argv.data(), log.c_str(), parent);
  return pid;
}

Ended poll_ended() {
  int status = 0;
  const pid_t pid = ::waitpid(-1, &status, WNOHANG);
  if (pid <= 0) return {};
  return {pid, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
}

void stop_all(const std::vector<pid_t>& children) {
  for (const auto pid : children) ::kill(pid, SIGTERM);
  for (const auto pid : children) ::waitpid(pid, nullptr, 0);
}

}  // namespace regard::lab
