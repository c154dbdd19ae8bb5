// Times that need no simulation: two particles or two weighted clusters on a great circle, u = 1 -
// cos(angle).
// All times are logarithms in the time of model.hpp, so that e^3700 is a number like any other.
#pragma once

#include "regard/theory/particles/model.hpp"

namespace regard::particles {

/// log T of two equal particles whose angle falls from `from` to `to`, 0 < to < from < pi, by
/// exponential integrals:
///   F(u) = [Ei(b u) - e^{2b} Ei(-b (2 - u))] / 2,   G(u) = log(u / (2 - u)) / 2
///   USA: T = F(u0) - F(u1);   SA: T = [F(u0) - F(u1) + G(u0) - G(u1)] / 2
double log_time_of_two(Kind kind, double beta, double from, double to);

/// log T of two clusters of masses a, b (a + b <= 1; other clusters far away), by quadrature of
///   SA:  d(angle)/dt = -[b / (a e^{b u} + b) + a / (b e^{b u} + a)] sin(angle)
///   USA: d(angle)/dt = -(a + b) e^{-b u} sin(angle)
double log_time_of_pair(const Model& model, double mass_a, double mass_b, double from, double to);

/// rho = <x_i, x_j>, the same for all pairs of n >= 2 particles in d >= n - 1: d(rho)/dt.
double equiangular_rate(const Model& model, int64_t n, double rho);

/// Growth rate of a small wave k of the uniform density on the circle:
///   SA: k^2 I_k(b) / (b I_0(b)),   USA: k^2 e^{-b} I_k(b) / b
double growth_rate(const Model& model, int64_t k);

/// e^{-b} I_k(b) for k = 0 .. last, by downward recurrence (Miller); relative error about 1e-15.
std::vector<double> scaled_bessel(double beta, int64_t last);

/// log(e^a + e^b).
double log_add(double a, double b);

}  // namespace regard::particles
