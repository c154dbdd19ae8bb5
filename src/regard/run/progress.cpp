#include "regard/run/progress.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "regard/base/text.hpp"

namespace regard::run {

ProgressLine::ProgressLine(double step) : step_(step), terminal_(::isatty(2) == 1) {}

void ProgressLine::show(double fraction, const std::string& text) {
  constexpr double kPause = 30;  // seconds between plain lines
  const bool due = fraction >= shown_fraction_ + step_ && seconds_now() >= shown_at_ + kPause;
  if (!terminal_ && !due) return;
  print(text, false);
  shown_fraction_ = fraction;
  shown_at_ = seconds_now();
}

void ProgressLine::keep(const std::string& text) { print(text, true); }

void ProgressLine::print(const std::string& text, bool stays) {
  // \033[K clears what a longer line left behind.
  std::fprintf(stderr, terminal_ ? "\r%s\033[K%s" : "%s%s", text.c_str(),
               terminal_ && !stays ? "" : "\n");
  std::fflush(stderr);
}

std::string Progress::told(double fraction, const std::string& text) const {
  const double elapsed = seconds_now() - start_, left = seconds_left(fraction, begun_, elapsed);
  std::string line = title_.empty() ? text : title_ + "  " + text;
  line += "  " + std::to_string(std::lround(100 * fraction)) + " %  " + human_seconds(elapsed);
  return left > 0 ? line + ", " + human_seconds(left) + " left" : line;
}

double seconds_left(double fraction, double begun, double elapsed) {
  return fraction > begun ? elapsed / (fraction - begun) * (1 - fraction) : -1;
}

}  // namespace regard::run
