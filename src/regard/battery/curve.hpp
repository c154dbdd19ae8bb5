// The capacity-loss curve of a cell and its inverse, both in closed form.
//
//   loss(x) = exp(A) x^B + C                  x = cycle - 1
//   x(t)    = [exp(-A) (t - C)]^(1/B)         the x at which the loss reaches t; defined for t > C
//
// The form that arXiv 2404.17174 calls Arrhenius-like: a power law with an offset C. Loss is a
// fraction of nominal.
#pragma once

#include <cstdint>
#include <string>

#include "regard/battery/cell.hpp"

namespace regard::battery {

/// Beyond this many cycles an extrapolated life is called "not reached".
inline constexpr double kHorizon = 1e6;

enum class Reach {
  kReached,       // within the recorded cycles
  kExtrapolated,  // beyond the last recorded cycle
  kNotReached,    // the curve does not rise to the threshold within kHorizon cycles
  kUndefined,     // the threshold is not above C: the curve starts beyond it
};
std::string to_text(Reach reach);  // "reached", "extrapolated", "not reached", "undefined"

/// The cycle at which a threshold is crossed, with a 95 % interval; kMissing where there is none.
struct Life {
  Reach reach = Reach::kUndefined;
  double cycle = kMissing, low = kMissing, high = kMissing;
  bool known() const { return reach == Reach::kReached || reach == Reach::kExtrapolated; }
};

struct PowerLaw {
  double a = kMissing, b = kMissing, c = kMissing;

  double loss(double cycle) const;
  /// The closed form, in x: kMissing for t <= C or B <= 0. (The paper compares this x, one cycle
  /// less than the cycle number, with the cycle life.)
  double x_at(double threshold) const;
  /// The cycle (not x) at which the loss is `threshold`. `last_cycle`: where the record ends.
  Life life(double threshold, double last_cycle) const;
  /// The same curve from what is well determined: A = ln(threshold - C) - B ln(life - 1), so that
  /// life(threshold) gives `life` back. InputError unless life > 1, b > 0 and threshold > c.
  static PowerLaw through(double life, double b, double c, double threshold);
};

/// A loss at which life ends, from "0.2" (fraction), "20%" (percent), "0.88Ah" or "880mAh"
/// (remaining capacity).
struct Threshold {
  std::string text;   // as given
  double loss = 0.2;  // fraction of nominal
};

/// InputError for anything else, for a loss that is not between 0 and 1, or a capacity not below
/// nominal.
Threshold parse_threshold(const std::string& text, double nominal_ah);

/// The life as it was measured: the first recorded cycle whose loss is above the threshold,
/// outliers (spikes.hpp) left out; kMissing where the record does not reach it.
double measured_life(const Cell& cell, double threshold);

}  // namespace regard::battery
