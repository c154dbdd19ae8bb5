// Least-squares fit of the capacity-loss curve to the record of one cell.
//
//   minimise over (A, B)   sum_i [ loss_i - exp(A) x_i^B - C ]^2        x_i = cycle_i - 1
//
// Cycle 1 is dropped, C is the loss measured at the first cycle that is kept, and (A, B) starts at
// (-30, 3), as in the public code of arXiv 2404.17174. Solved by Levenberg-Marquardt (Ceres's
// TinySolver).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "regard/battery/cell.hpp"
#include "regard/battery/curve.hpp"

namespace regard::battery {

enum class Weights {
  kEqual,  // least squares
  /// Spikes are dropped first (spikes.hpp), then cycle i weighs 1 / (1 + (d / 2.385 s)^2), Cauchy's
  /// weight. d is its distance from the median of its eleven neighbours, and s is 1.4826 times the
  /// median of |d|, at least 0.05 %. By the distance from the curve, the end of life would weigh
  /// nothing.
  kRobust,
};

struct FitOptions {
  Weights weights = Weights::kEqual;
  std::array<double, 2> start = {-30, 3};
  int64_t iterations = 4000;
  double confidence = 0.95;
};

/// Intervals are centre +- half. They take the residuals for an AR(1) series: the variance of least
/// squares times (1 + r) / (1 - r) with r the correlation of neighbouring residuals, at least 0.
/// The misfit of a smooth curve to a smooth record is correlated; independent errors would make the
/// intervals many times too narrow. The error of C, one measured cycle, is not in them.
struct Fit {
  PowerLaw curve;
  double a_half = kMissing,
         b_half = kMissing;  // kMissing where the record does not determine A and B
  double r2 = kMissing;    // 1 - sum r^2 / sum (loss - mean loss)^2; kMissing for a constant record
  double rmse = kMissing;  // root of the mean squared residual, fraction of nominal
  int64_t first_cycle = 0, last_cycle = 0;  // of the cycles that were used
  std::size_t used = 0, dropped = 0;        // cycles; dropped: spikes
  std::vector<std::size_t> off;  // outliers among the cycles that were used, as places in the cell
  bool converged = false;
  bool rises = false;  // the curve explains more of the (weighted) record than its mean does

  /// kNotReached for a record that does not rise. With the interval of ln(life - 1) by the delta
  /// method, so that it is never negative.
  Life life(double threshold) const;

  std::array<double, 3> covariance = {kMissing, kMissing, kMissing};  // of (A, B): AA, AB, BB
  double t_quantile = kMissing;
};

/// InputError when fewer than 4 cycles are left, or the nominal capacity is not known.
Fit fit_curve(const Cell& cell, const FitOptions& options = {});

}  // namespace regard::battery
