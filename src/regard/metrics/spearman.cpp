#include "regard/metrics/spearman.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace regard::metrics {
namespace {

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> rank(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    auto end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double mean = static_cast<double>(begin + end - 1) / 2;
    for (; begin < end; ++begin) rank[order[begin]] = mean;
  }
  return rank;
}

}  // namespace

double spearman(const Predictions& predictions) {
  const auto n = predictions.truth.size();
  if (n < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto a = ranks(predictions.predicted), b = ranks(predictions.truth);
  const double mean = static_cast<double>(n - 1) / 2;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < n; ++i) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) * (a[i] - mean);
    bb += (b[i] - mean) * (b[i] - mean);
  }
  if (aa == 0 || bb == 0) return std::numeric_limits<double>::quiet_NaN();
  return ab / std::sqrt(aa * bb);
}

}  // namespace regard::metrics
