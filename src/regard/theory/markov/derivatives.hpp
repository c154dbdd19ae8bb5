// The loss of one query with its derivatives, and the spectrum of its Laplacian.
#pragma once

#include <Eigen/Dense>

#include "regard/theory/markov/fit.hpp"

namespace regard::markov {

/// Loss (a prompt), gradient and Hessian at w (K), by the definition.
struct Derivatives {
  double loss = 0;
  Eigen::VectorXd gradient;
  Eigen::MatrixXd hessian;
};
Derivatives derivatives(const std::vector<Group>& groups, const Eigen::VectorXd& w);

/// Eigenvalues of H_k at w, increasing.
std::vector<double> hessian_spectrum(const std::vector<Group>& groups, const Eigen::VectorXd& w);

/// tr(H^+) of one query, at w, where H is that of the groups a prompt.
double pseudo_inverse_trace(const Eigen::MatrixXd& h);

}  // namespace regard::markov
