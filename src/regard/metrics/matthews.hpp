// Matthews correlation of classes, which a model that always gives the most frequent one has at 0.
//
//   R = (n c - sum_k p_k t_k) / sqrt((n^2 - sum_k p_k^2) (n^2 - sum_k t_k^2))
//
// n predictions, c of them right; p_k predictions and t_k truths of class k. 0 where a factor below
// vanishes. Source: Gorodkin 2004, of which two classes are Matthews 1975; as scikit-learn's
// matthews_corrcoef.
#pragma once

#include "regard/metrics/predictions.hpp"

namespace regard::metrics {

/// In [-1, 1]; 0 for no predictions. The values are indices of classes.
double matthews(const Predictions& predictions);

}  // namespace regard::metrics
