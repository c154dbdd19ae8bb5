// Curvature of the energy E = (1 / 2b) sum_ij m_i m_j e^{-b u_ij} at clusters: which plateau is a
// saddle.
#pragma once

#include "regard/theory/particles/cloud.hpp"

namespace regard::particles {

struct Curvature {
  int64_t positive = 0, zero = 0, negative = 0;  // eigenvalues of the Hessian on the spheres
  double log_gradient = 0;                       // log |grad E|, all coordinates together
};

/// At clusters that are points. Within a cluster E is curved downwards, however the clusters lie,
/// so the Hessian is taken on the centres: its index is that of all particles. An eigenvalue counts
/// as zero below 1e-9 of the largest; rotations of all points give d (d - 1) / 2 of these near an
/// equilibrium.
Curvature curvature(double beta, const Cloud& centres);

/// Eigenvalues of a symmetric matrix (n, n), ascending, by Jacobi's rotations.
std::vector<double> eigenvalues(std::vector<double> matrix, int64_t n);

}  // namespace regard::particles
