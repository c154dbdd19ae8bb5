#include "regard/run/signals.hpp"

namespace regard::run {
namespace {
volatile std::sig_atomic_t caught_signal = 0;
extern "C" void note_signal(int number) { caught_signal = number; }
}  // namespace

SignalScope::SignalScope() {
  caught_signal = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before_int_);
  sigaction(SIGTERM, &action, &before_term_);
  sigaction(SIGHUP, &action, &before_hup_);
  // Under nohup a run outlives its terminal.
  if (before_hup_.sa_handler == SIG_IGN) sigaction(SIGHUP, &before_hup_, nullptr);
}

SignalScope::~SignalScope() {
  sigaction(SIGINT, &before_int_, nullptr);
  sigaction(SIGTERM, &before_term_, nullptr);
  sigaction(SIGHUP, &before_hup_, nullptr);
}

int SignalScope::caught() { return caught_signal; }

}  // namespace regard::run
