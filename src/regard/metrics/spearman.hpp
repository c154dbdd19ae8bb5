// Rank correlation.
//
//   rho = correlation of the ranks of prediction and truth; equal values share the mean of their
//   ranks
//
// Source: Spearman, The American Journal of Psychology 15, 1904.
#pragma once

#include "regard/metrics/predictions.hpp"

namespace regard::metrics {

/// In [-1, 1]; NaN for fewer than two values, and where one side is constant.
double spearman(const Predictions& predictions);

}  // namespace regard::metrics
