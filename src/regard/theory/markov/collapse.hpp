// Where a walk ends: winners, exponents of the losers, and what a walk of one's own can teach.
//
// A walk that appends its own tokens follows, in the time log t, the averaged equation (a
// vertex-reinforced random walk)
//   dm / dlog t = nu(m) - m
//   nu(m): stationary law of M(j|k) = pi_jk m_j / Z_k,   Z_k = sum_l pi_lk m_l
// An equilibrium m* with support S has lambda_i = sum_{k in S} m*_k pi_ik / Z_k; lambda_i = 1 on S.
// It is left along i where lambda_i > 1; where lambda_i < 1, token i is a loser with N_i ~
// t^lambda_i.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "regard/theory/markov/chain.hpp"

namespace regard::markov {

struct Equilibrium {
  std::vector<int32_t> support;
  std::vector<double> m, lambda;  // (K)
  bool stable = false;
  int64_t starts = 0;  // of the averaged equation that ended here
};

/// m* completed by lambda; stable where every other token has lambda < 1 (and, for a pair, where it
/// holds against itself).
Equilibrium equilibrium(const Chain& chain, std::vector<double> m);

/// Tokens j with pi_ij < pi_jj for all i: the stable single winners.
std::vector<Equilibrium> single_winners(const Chain& chain);

/// Stable pairs: m_i ~ pi_ji (pi_ij - pi_jj), m_j ~ pi_ij (pi_ji - pi_ii), both positive; pi_ij: i
/// after j.
std::vector<Equilibrium> pair_winners(const Chain& chain);

/// Ends of the averaged equation from random starts, by how many starts came there. Meant for K up
/// to about 100.
std::vector<Equilibrium> averaged_ends(const Chain& chain, int64_t starts, uint64_t seed);

/// Everything that is stable: singles and pairs in closed form, larger supports by the averaged
/// equation.
std::vector<Equilibrium> stable_ends(const Chain& chain, int64_t starts, uint64_t seed);

/// Exponents for a chain whose weights were taken to the power 1 / T_a: that of a single winner
/// becomes (pi_ij/pi_jj)^(1/T_a).
Chain tempered(const Chain& chain, double attention_temperature);

/// Whether an endless walk that ends in `end` teaches the ratio of token i to the winner in the law
/// after k: the information sum_t P(x_t = k) m_i diverges iff lambda_k + lambda_i > 1. `exponent`
/// of its growth; of a winner lambda is 1.
struct Learnable {
  bool learnable;
  double exponent;  // lambda_k + lambda_i - 1: the error falls as t^-(exponent / 2)
};
Learnable learnable(const Equilibrium& end, int64_t i, int64_t k);

/// Two tokens, the second with chance p after either: E m_2 when t tokens stand there, by recursion
/// over counts from (n1, n2). Times increase; the work grows as the square of the last.
std::vector<double> exact_pair_means(double p, int64_t n1, int64_t n2,
                                     std::span<const int64_t> times);

/// Its limit n2 Gamma(n1 - a) / Gamma(n1) t^-(1 - a), a = p / (1 - p); from (1, 1) Gamma(q) t^-q.
/// NaN where n1 <= a.
double pair_limit(double p, int64_t n1, int64_t n2, double t);

/// exp of the entropy: how many tokens a law is spread over.
double effective_tokens(std::span<const double> m);

}  // namespace regard::markov
