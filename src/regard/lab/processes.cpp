#include "regard/lab/processes.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "regard/base/error.hpp"

extern char** environ;

namespace regard::lab {
namespace {
std::atomic<int> caught_signal{0};
struct sigaction before_int, before_term;
void note(int signal) { caught_signal = signal; }
}  // namespace

pid_t start_self(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  std::vector<char*> argv;
  static char name[] = "regard";
  argv.push_back(name);
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  // A group of its own: a terminal's Ctrl-C reaches the parent alone, which passes it on once.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t pid = 0;
  const int status = posix_spawn(&pid, "/proc/self/exe", &files, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (status != 0)
    throw RunError(std::string("compare: a run cannot be started: ") + std::strerror(status));
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

SignalWatch::SignalWatch() {
  caught_signal = 0;
  struct sigaction action {};
  action.sa_handler = note;
  ::sigaction(SIGINT, &action, &before_int);
  ::sigaction(SIGTERM, &action, &before_term);
}
SignalWatch::~SignalWatch() {
  ::sigaction(SIGINT, &before_int, nullptr);
  ::sigaction(SIGTERM, &before_term, nullptr);
}
int SignalWatch::caught() { return caught_signal; }

}  // namespace regard::lab
