#include "regard/theory/particles/cloud.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace regard::particles {

Cloud equal_masses(int64_t dim, std::vector<double> x) {
  const auto n = x.size() / static_cast<std::size_t>(dim);
  return {dim, std::move(x), std::vector<double>(n, 1.0 / static_cast<double>(n))};
}

double angle_of(double gap) { return 2 * std::asin(std::sqrt(std::min(1.0, 0.5 * gap))); }

double gap_of(double angle) {
  const double half = std::sin(0.5 * angle);
  return 2 * half * half;
}

double smallest_gap(const Cloud& cloud) {
  double least = std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < cloud.size(); ++i) {
    for (int64_t j = 0; j < i; ++j) least = std::min(least, gap(cloud, i, j));
  }
  return least;
}

bool normalise(double* row, int64_t dim) {
  double largest = 0;
  for (int64_t c = 0; c < dim; ++c) largest = std::max(largest, std::abs(row[c]));
  if (!(largest > 0) || !std::isfinite(largest)) return false;
  double square = 0;
  for (int64_t c = 0; c < dim; ++c) square += (row[c] / largest) * (row[c] / largest);
  const double length = std::sqrt(square);
  for (int64_t c = 0; c < dim; ++c) row[c] = row[c] / largest / length;
  return std::isfinite(row[0]);
}

std::vector<double> centre(const Cloud& cloud, const std::vector<int64_t>& members) {
  // Around the first member: what its neighbours differ by keeps its digits.
  const double* first = cloud.row(members.front());
  std::vector<double> offset(static_cast<std::size_t>(cloud.dim), 0.0);
  double total = 0;
  for (const auto i : members) {
    total += cloud.mass[i];
    for (int64_t c = 0; c < cloud.dim; ++c) {
      offset[c] += cloud.mass[i] * (cloud.row(i)[c] - first[c]);
    }
  }
  for (int64_t c = 0; c < cloud.dim; ++c) offset[c] = first[c] + offset[c] / total;
  normalise(offset.data(), cloud.dim);
  return offset;
}

}  // namespace regard::particles
