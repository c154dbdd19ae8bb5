// SIGINT, SIGTERM and SIGHUP as a flag that the loop asks for at the end of a step.
#pragma once

#include <csignal>

namespace regard::run {

/// Catches the three signals while it lives, one object at a time; SIGHUP stays ignored where it
/// was. A second one of the same kind ends the process at once, as it would without us.
class SignalScope {
 public:
  SignalScope();
  ~SignalScope();
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;

  /// The signal that came, or 0.
  static int caught();

 private:
  struct sigaction before_int_ {};
  struct sigaction before_term_ {};
  struct sigaction before_hup_ {};
};

}  // namespace regard::run
