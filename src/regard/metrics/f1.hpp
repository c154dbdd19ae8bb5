// F1 of classes.
//
//   F1_c = 2 TP_c / (2 TP_c + FP_c + FN_c),   macro F1 = mean over the classes that occur in truth
//   or prediction
//
// Source: van Rijsbergen, Information Retrieval, 1979; the mean over classes as scikit-learn's
// f1_score(average="macro").
#pragma once

#include "regard/metrics/predictions.hpp"

namespace regard::metrics {

/// In [0, 1]; 0 for no predictions. The values are indices of classes.
double macro_f1(const Predictions& predictions);

}  // namespace regard::metrics
