// Velocities of particles on the unit sphere, as one pass over all pairs in O(n) memory:
//
//   a_i = sum_j m_j e^{-b u_ij} (x_j - x_i),   Z_i = sum_j m_j e^{-b u_ij},   u_ij = |x_i - x_j|^2
//   / 2
//   v_i = P a_i / Z_i (normalised: SA),   P a_i (USA),   P y = y - <y, x_i> x_i
//
// No running maximum is needed: u >= 0, and u_ii = 0. Up to width 16 (kDifferenceWidth) u and x_j -
// x_i are taken from differences, which keep their digits for near points; above, u = (|x_i|^2 +
// |x_j|^2) / 2 - <x_i, x_j>, whose error of some 1e-7 in fp32 is multiplied by b.
#pragma once

#include <cstdint>

#include "regard/kernels/cpu/parallel.hpp"

namespace regard::kernels::cpu {

inline constexpr int64_t kDifferenceWidth = 16;

template <class T>
struct Particles {
  int64_t count, width;
  const T* x;     // (count, width), rows of length 1
  const T* mass;  // (count)
  double beta;
  bool normalised;
};

/// T is float or double. Writes v (count, width) for all particles, and Z (count) where z is given.
template <class T>
void particle_velocity(const Particles<T>& problem, T* v, T* z, const ParallelFor& parallel);

/// The same for the rows [begin, end) alone, v and z from `begin` on: to time a part of a large
/// problem.
template <class T>
void particle_velocity_rows(const Particles<T>& problem, int64_t begin, int64_t end, T* v, T* z,
                            const ParallelFor& parallel);

const char* particle_target();

}  // namespace regard::kernels::cpu
