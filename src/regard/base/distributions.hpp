// Normal and gamma numbers of our own: those of <random> differ between standard libraries.
#pragma once

#include <cmath>
#include <numbers>

#include "regard/base/philox.hpp"

namespace regard {

/// Standard normal, by Box and Muller (1958); two uniform numbers for each.
inline double normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log1p(-random.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

/// Gamma with `shape` > 0 and scale 1, by Marsaglia and Tsang (ACM TOMS 26, 2000).
inline double gamma(Random& random, double shape) {
  if (shape < 1) {
    const double boost = std::pow(1 - random.uniform(), 1 / shape);
    return boost * gamma(random, shape + 1);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = normal(random), root = 1 + c * x;
    const double u = 1 - random.uniform();
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

/// Beta(a, b) from two gammas.
inline double beta(Random& random, double a, double b) {
  const double x = gamma(random, a);
  return x / (x + gamma(random, b));
}

}  // namespace regard
