#include "regard/report/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/base/text.hpp"

namespace regard::report {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Continued fraction of the incomplete beta function by Lentz's method; converges fast for x <
/// (a+1)/(a+b+2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto guarded = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1.0;
  double d = 1.0 / guarded(1.0 - (a + b) * x / (a + 1.0));
  double value = d;
  for (int m = 1; m <= 500; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1.0 / guarded(1.0 + even * d);
    c = guarded(1.0 + even / c);
    value *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1.0 / guarded(1.0 + odd * d);
    c = guarded(1.0 + odd / c);
    value *= d * c;
    if (std::abs(d * c - 1.0) < 1e-15) break;
  }
  return value;
}

/// I_x(a, b), the regularised incomplete beta function.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) return kNan;
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

double sample_sd(std::span<const double> values) {
  if (values.size() < 2) return kNan;
  const double centre = mean(values);
  double squares = 0;
  for (const double v : values) squares += (v - centre) * (v - centre);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double student_t_cdf(double t, double df) {
  const double tail = 0.5 * incomplete_beta(df / 2, 0.5, df / (df + t * t));
  return t > 0 ? 1 - tail : tail;
}

double student_t_quantile(double p, double df) {
  if (!(p > 0 && p < 1) || !(df > 0)) {
    throw InputError("student_t_quantile: 0 < p < 1 and df > 0 were expected, and p = " +
                     shortest(p) + ", df = " + shortest(df) + " came");
  }
  if (p == 0.5) return 0;
  if (p < 0.5) return -student_t_quantile(1 - p, df);
  double low = 0, high = 1;
  while (student_t_cdf(high, df) < p && high < 1e300) high *= 2;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    (student_t_cdf(middle, df) < p ? low : high) = middle;
  }
  return high;
}

Interval mean_interval(std::span<const double> values, double confidence) {
  std::vector<double> finite;
  for (const double v : values) {
    if (std::isfinite(v)) finite.push_back(v);
  }
  const auto n = static_cast<int64_t>(finite.size());
  if (n < 2) return {mean(finite), kNan, n};
  const double t = student_t_quantile((1 + confidence) / 2, static_cast<double>(n - 1));
  return {mean(finite), t * sample_sd(finite) / std::sqrt(static_cast<double>(n)), n};
}

Difference paired_difference(const BySeed& a, const BySeed& b, double confidence) {
  std::vector<double> differences;
  for (const auto& [seed, value] : a) {
    const auto other = b.find(seed);
    if (other != b.end()) differences.push_back(value - other->second);
  }
  Difference difference{mean_interval(differences, confidence), Verdict::kTooFewSeeds};
  const auto& interval = difference.interval;
  if (!interval.known()) return difference;
  difference.verdict = interval.holds(0)       ? Verdict::kUndecided
                       : interval.centre < 0.0 ? Verdict::kLower
                                               : Verdict::kHigher;
  return difference;
}

BootstrapInterval bootstrap(std::span<const double> values, int64_t resamples) {
  if (values.empty() || resamples < 2)
    throw InputError("bootstrap: values and at least 2 resamples were expected");
  std::vector<double> means;
  for (int64_t r = 0; r < resamples; ++r) {
    Random random(0, RandomStream::kBootstrap, static_cast<uint64_t>(r));
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.below(values.size())];
    means.push_back(sum / static_cast<double>(values.size()));
  }
  std::sort(means.begin(), means.end());
  const auto quantile = [&](double p) {
    return means[static_cast<std::size_t>(std::lround(p * static_cast<double>(resamples - 1)))];
  };
  return {mean(values), quantile(0.025), quantile(0.975)};
}

std::string to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kLower:
      return "lower";
    case Verdict::kHigher:
      return "higher";
    case Verdict::kUndecided:
      return "cannot be told apart";
    case Verdict::kTooFewSeeds:
      break;
  }
  return "too few seeds to tell";
}

}  // namespace regard::report
