// Means with Student-t intervals, and paired differences over common seeds.
//
//   mean +- t_{(1+c)/2, n-1} * s / sqrt(n)        s: sample standard deviation, c: confidence
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace regard::report {

double mean(std::span<const double> values);       // NaN without values
double sample_sd(std::span<const double> values);  // divides by n-1; NaN with fewer than two values

/// P(X <= t) for Student's t with `df` > 0 degrees of freedom.
double student_t_cdf(double t, double df);

/// The t with P(X <= t) = p, for 0 < p < 1; throws InputError outside.
double student_t_quantile(double p, double df);

/// centre +- half from `n` values; with n < 2 the half width is NaN: nothing is known about chance.
struct Interval {
  double centre, half;
  int64_t n = 0;

  bool known() const { return half == half; }
  double low() const { return centre - half; }
  double high() const { return centre + half; }
  bool holds(double value) const { return known() && low() <= value && value <= high(); }
};

/// Interval of the mean; values that are not finite are left out and do not count.
Interval mean_interval(std::span<const double> values, double confidence = 0.95);

/// What an interval of a difference says.
enum class Verdict {
  kLower,        // the whole interval is below 0
  kHigher,       // the whole interval is above 0
  kUndecided,    // the interval holds 0
  kTooFewSeeds,  // fewer than two common seeds: no interval
};

using BySeed = std::map<int64_t, double>;

/// a - b over the seeds that both have with finite values. Pairing removes what a seed does to both
/// alike (the order of the data, the initial embedding).
struct Difference {
  Interval interval;
  Verdict verdict = Verdict::kTooFewSeeds;
};
Difference paired_difference(const BySeed& a, const BySeed& b, double confidence = 0.95);

/// The mean of the values with the middle 95 % of the means of `resamples` samples of as many
/// values, drawn with replacement. The numbers are drawn from a fixed seed: the same values give
/// the same interval. InputError without values.
struct BootstrapInterval {
  double centre = 0, low = 0, high = 0;
};
BootstrapInterval bootstrap(std::span<const double> values, int64_t resamples = 2000);

/// "lower", "higher", "cannot be told apart", "too few seeds to tell".
std::string to_text(Verdict verdict);

}  // namespace regard::report
