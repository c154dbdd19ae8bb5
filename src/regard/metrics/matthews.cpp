#include "regard/metrics/matthews.hpp"

#include <cmath>
#include <map>

namespace regard::metrics {

double matthews(const Predictions& predictions) {
  std::map<double, std::pair<double, double>> classes;  // predictions and truths
  double right = 0;
  for (std::size_t i = 0; i < predictions.truth.size(); ++i) {
    const auto predicted = predictions.predicted[i], truth = predictions.truth[i];
    ++classes[predicted].first;
    ++classes[truth].second;
    if (predicted == truth) ++right;
  }
  const auto n = static_cast<double>(predictions.truth.size());
  double both = 0, predicted = 0, truth = 0;
  for (const auto& [label, count] : classes) {
    both += count.first * count.second;
    predicted += count.first * count.first;
    truth += count.second * count.second;
  }
  const double below = (n * n - predicted) * (n * n - truth);
  return below > 0 ? (n * right - both) / std::sqrt(below) : 0;
}

}  // namespace regard::metrics
