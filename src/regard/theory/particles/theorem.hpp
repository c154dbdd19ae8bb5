// The theorem of metastability of arXiv 2410.06833, as numbers beside a run.
//
// Caps S_q(e) = {x : <x, w_q> >= 1 - e} around k centres; b > 1, 0 < e < 1/16, n equal particles,
// each in a cap:
//   alpha = largest <x, y> between points of two caps S(2e) = cos(max(0, psi - 2 arccos(1 - 2e))),
//           psi the least angle between centres
//   gamma = 1 - alpha - 8e - log(2 n^2 / e) / b          separated: gamma > 0
//   (i)   lambda < e^{(1 - alpha) b} (b - 1) e / (b^2 n^2 exp(1)) (1 - e^{-gamma b})
//   (ii)  lambda < 1 - alpha - log(2 n^2 / (1 - 8e)) / b - 8e
//   T1 <= 2 n e^{8 e b} + exp(1) n lambda b^2 / (b - 1),   T2 >= (e / n) e^{(1 - alpha) b}
// Until T2 no particle leaves its S(2e); on [T1, T2] |x - y|^2 <= 2 e^{-lambda b} within a cap.
// (i) is printed with a minus before its second term, which is an error of sign
// (docs/particles.md).
#pragma once

#include <limits>

#include "regard/theory/particles/engine.hpp"

namespace regard::particles {

/// The constants for given n, b, e, psi. Bounds that overflow are kept as logarithms.
struct Bounds {
  double alpha = 0, gamma = 0;
  double log_lambda_one = 0, lambda_two = 0;  // the bounds (i), (ii)
  double lambda = 0;                          // what is used: 0.99 of the smaller
  double log_t1 = 0, log_t2 = 0;
  bool holds = false;  // gamma > 0, both bounds above 0, T1 < T2
};
Bounds bounds(int64_t n, double beta, double epsilon, double psi);

/// Caps around a cloud, and the constants at the e with the largest gamma.
struct Separation {
  int64_t caps = 0;
  double epsilon = 0, psi = 0;
  Bounds bounds;
  std::vector<int64_t> label;   // of each particle: its cap
  std::vector<double> centres;  // (caps, dim)
};

/// The best separation over the partitions that single linkage gives. InputError for unequal
/// masses.
Separation separate(const Cloud& cloud, double beta);

/// Measures a run against a separation, step by step. Times in the time of model.hpp.
struct TheoremWatch {
  static constexpr double kNever = std::numeric_limits<double>::quiet_NaN();
  Separation separation;
  double left = kNever;    // log t at which a particle was first seen outside its S(2e)
  double narrow = kNever;  // log t from which on every cap was as narrow as the theorem says
  int64_t violations = 0;  // steps at which the theorem was violated

  void look(const Engine& engine);
  void visit(Archive& f);
};

}  // namespace regard::particles
