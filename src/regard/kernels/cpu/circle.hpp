// Velocities of particles on the circle in O(n M) by Fourier series:
//
//   e^{b (cos a - 1)} = c_0 + 2 sum_{k=1..M} c_k cos(k a),   c_k = e^{-b} I_k(b)
//   Z(t) = sum_j m_j e^{b (cos(t - t_j) - 1)} = c_0 C_0 + 2 sum_k c_k (C_k cos(k t) + S_k sin(k t))
//   dt_i/dt = Z'(t_i) / (b Z(t_i)) (SA),   Z'(t_i) / b (USA)
//
// with the moments C_k = sum_j m_j cos(k t_j), S_k likewise. The error is that of leaving out k >
// M, plus rounding at 1e-16 of the largest Z: good for formation, never for a drift of e^{-b u}.
#pragma once

#include <cstdint>

#include "regard/kernels/cpu/parallel.hpp"

namespace regard::kernels::cpu {

struct Circle {
  int64_t count;
  const double* angle;  // (count)
  const double* mass;   // (count)
  double beta;
  bool normalised;
  int64_t modes;              // M
  const double* coefficient;  // (M + 1): c_0 .. c_M
};

/// The number of modes for a relative tolerance: sqrt(2 b log(1 / tolerance)), rounded up.
int64_t circle_modes(double beta, double tolerance);

/// Writes the angular velocities, and Z where it is given. The same bits whatever the ranges of
/// `parallel`.
void circle_velocity(const Circle& problem, double* v, double* z, const ParallelFor& parallel);

const char* circle_target();

}  // namespace regard::kernels::cpu
