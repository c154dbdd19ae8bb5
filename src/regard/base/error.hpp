// Errors that a user reads: one sentence with the place, what was expected and what came.
#pragma once

#include <stdexcept>
#include <string>

namespace regard {

/// A mistake in what the user gave: flag, recipe, phrase, file. The command ends with exit code 2.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A run that failed although its input was right (disk full, diverged loss). Exit code 1.
struct RunError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A run stopped by SIGINT, SIGTERM or SIGHUP after it saved its state. Exit code 128 + signal.
struct Interrupted : std::runtime_error {
  explicit Interrupted(int signal_number)
      : std::runtime_error("interrupted by signal " + std::to_string(signal_number)),
        signal(signal_number) {}
  int signal;
};

}  // namespace regard
