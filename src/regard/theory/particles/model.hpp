// The two models on S^(d-1), for particles of masses m that sum to 1, P the projection onto the
// tangent space:
//
//   SA    dx_i/dt = P sum_j m_j e^{-b u_ij} x_j / Z_i,   Z_i = sum_k m_k e^{-b u_ik},   u_ij = 1 -
//   <x_i, x_j>
//   USA   dx_i/dt = P sum_j m_j e^{-b u_ij} x_j
//
// USA is written with other factors too: `glpr` has e^{b <x, y>} in place of e^{b (<x, y> - 1)},
// and on the circle 1, 1/n and 1/n^2 stand in front. Each only changes the unit of time by
// e^{log_rate}, so everything is computed in the time above, and log t is shifted where it is
// shown.
// Sources: arXiv 2410.06833 (called A in docs/particles.md), arXiv 2312.10794 (glpr).
#pragma once

#include <string>
#include <vector>

#include "regard/theory/particles/cloud.hpp"

namespace regard::particles {

enum class Kind { kSa, kUsa };

struct Model {
  Kind kind = Kind::kSa;
  double beta = 4;
  double log_rate = 0;  // log of how many times faster than above the model's own time runs
};

/// log_rate of USA with `norm` ("paper" or "glpr") and `prefactor` ("one", "inverse",
/// "inverse_squared").
double log_rate(const std::string& norm, const std::string& prefactor, double beta, int64_t n);

/// What one evaluation also gives; all but the energy in the scaled time of the call.
struct Rates {
  double energy = 0;      // sum_ij m_i m_j e^{-b u_ij}
  double arc = 0;         // sqrt(sum_i m_i |v_i|^2)
  double theorem = 0;     // e^{log_scale - b u_min}
  double largest = 0;     // max_i |v_i|
  double attraction = 0;  // max_i of the sum of the lengths whose sum is v_i
};

/// v (n, dim): e^{log_scale} times the velocity of each particle, tangent to rounding. With
/// log_scale = b u_min no term is larger than 1, however long the real time is. Pairs below e^-60
/// are left out.
Rates velocity(const Model& model, const Cloud& cloud, double log_scale, double* v);

/// sum_ij m_i m_j e^{-b u_ij} in (0, 1]: 2 b E_b of arXiv 2410.06833.
double energy(double beta, const Cloud& cloud);

/// dE/dt of that energy times 1/(2 b), from the velocities: sum_i m_i |v_i|^2 (USA), sum_i m_i Z_i
/// |v_i|^2 (SA).
double energy_rate(const Model& model, const Cloud& cloud);

}  // namespace regard::particles
