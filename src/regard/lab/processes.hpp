// Child processes of a comparison: each run in its own, so that a fault or its memory is its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace regard::lab {

/// Starts this very program with `arguments`, its output to `log`. Returns the process id. The child gets
/// SIGTERM when this process ends, however it ends; called from the main thread, since a thread's end counts.
pid_t start_self(const std::vector<std::string>& arguments, const std::filesystem::path& log);

struct Ended {
  pid_t pid = 0;
  int code = 0;  // exit code, or 128 + signal
};

/// The next child that ended, or pid 0 when none did.
Ended poll_ended();

/// Asks the children to stop, and waits for them.
void stop_all(const std::vector<pid_t>& children);

}  // namespace regard::lab
