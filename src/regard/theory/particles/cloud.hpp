// Points on the unit sphere S^(d-1) with mass fractions: the tokens, or the clusters that they
// became.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace regard::particles {

struct Cloud {
  int64_t dim = 2;
  std::vector<double> x;     // (n, dim), row after row, each of length 1
  std::vector<double> mass;  // (n), sums to 1

  int64_t size() const { return static_cast<int64_t>(mass.size()); }
  double* row(int64_t i) { return x.data() + i * dim; }
  const double* row(int64_t i) const { return x.data() + i * dim; }
};

/// n rows of equal mass 1/n.
Cloud equal_masses(int64_t dim, std::vector<double> x);

/// u = 1 - <x, y> = |x - y|^2 / 2: what is small for near points keeps all its digits.
inline double gap(const double* x, const double* y, int64_t dim) {
  double square = 0;
  for (int64_t c = 0; c < dim; ++c) square += (x[c] - y[c]) * (x[c] - y[c]);
  return 0.5 * square;
}
inline double gap(const Cloud& cloud, int64_t i, int64_t j) {
  return gap(cloud.row(i), cloud.row(j), cloud.dim);
}

/// The angle of a gap, and the gap of an angle.
double angle_of(double gap);
double gap_of(double angle);

/// The smallest gap of two points; infinity for one point.
double smallest_gap(const Cloud& cloud);

/// Scales a row to length 1; false where it is zero or not finite.
bool normalise(double* row, int64_t dim);

/// The mean of the rows listed, by mass, scaled to length 1.
std::vector<double> centre(const Cloud& cloud, const std::vector<int64_t>& members);

}  // namespace regard::particles
