// One line on standard error that says how far a long piece of work is.
//
// On a terminal it is written over. Elsewhere it is a plain line now and then: after each tenth of
// the work, and at least half a minute after the last one, so that a log does not fill with them.
#pragma once

#include <string>

#include "regard/base/clock.hpp"

namespace regard::run {

/// The line alone; its text is the caller's.
class ProgressLine {
 public:
  /// `step`: the share of the work after which a plain line is due.
  explicit ProgressLine(double step = 0.1);
  /// `fraction` of the work, 0 to 1.
  void show(double fraction, const std::string& text);
  /// A line that stays, on a terminal too.
  void keep(const std::string& text);

 private:
  void print(const std::string& text, bool stays);
  double step_, shown_fraction_ = 0, shown_at_ = seconds_now();
  bool terminal_;
};

/// The line with title, share of the work, and the time that is left.
///
///   Progress progress("markov", resumed_at);
///   progress.show(done / total, "row 512/4096");      // markov  row 512/4096  13 %  4.1 s, 28 s
///   left
class Progress {
 public:
  /// `begun`: the fraction at which this process begins, above 0 where a run is resumed.
  explicit Progress(std::string title, double begun = 0)
      : title_(std::move(title)), begun_(begun) {}
  void show(double fraction, const std::string& text) {
    line_.show(fraction, told(fraction, text));
  }
  void keep(double fraction, const std::string& text) { line_.keep(told(fraction, text)); }

 private:
  std::string told(double fraction, const std::string& text) const;
  std::string title_;
  double begun_, start_ = seconds_now();
  ProgressLine line_;
};

/// Seconds until `fraction` is 1, when it rose from `begun` in `elapsed` seconds; -1 before it
/// rose.
double seconds_left(double fraction, double begun, double elapsed);

}  // namespace regard::run
