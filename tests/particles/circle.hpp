// Particles on the unit circle, for the tests of particles.
#pragma once

#include <cmath>
#include <vector>

#include "regard/theory/particles/simulate.hpp"

namespace regard::particles {

/// At these angles; equal masses unless told.
inline Cloud on_circle(const std::vector<double>& angles, std::vector<double> masses = {}) {
  std::vector<double> rows;
  for (const double angle : angles) rows.insert(rows.end(), {std::cos(angle), std::sin(angle)});
  auto cloud = equal_masses(2, rows);
  if (!masses.empty()) cloud.mass = std::move(masses);
  return cloud;
}

}  // namespace regard::particles
