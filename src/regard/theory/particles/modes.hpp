// Waves of a uniform circle: which grow, and how fast.
#pragma once

#include "regard/theory/particles/model.hpp"

namespace regard::particles {

/// The wave number with the largest growth rate; about sqrt(2 b).
int64_t fastest_wave(const Model& model);

/// The growth rate of wave k as it is measured: particles at 2 pi j / n, displaced by 1e-6 cos(k
/// angle) / k, and the share of that wave in their velocities. `n` is several times k.
double measured_growth(const Model& model, int64_t k, int64_t n);

}  // namespace regard::particles
