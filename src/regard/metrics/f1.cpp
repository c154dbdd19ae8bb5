#include "regard/metrics/f1.hpp"

#include <map>

namespace regard::metrics {

double macro_f1(const Predictions& predictions) {
  struct Count {
    int64_t right = 0, predicted = 0, truth = 0;
  };
  std::map<double, Count> classes;
  for (std::size_t i = 0; i < predictions.truth.size(); ++i) {
    const auto predicted = predictions.predicted[i], truth = predictions.truth[i];
    ++classes[predicted].predicted;
    ++classes[truth].truth;
    if (predicted == truth) ++classes[truth].right;
  }
  double sum = 0;
  for (const auto& [label, n] : classes) {
    // 2 TP + FP + FN = predicted + truth, which is above 0 for a class that occurs.
    sum += 2 * static_cast<double>(n.right) / static_cast<double>(n.predicted + n.truth);
  }
  return classes.empty() ? 0 : sum / static_cast<double>(classes.size());
}

}  // namespace regard::metrics
