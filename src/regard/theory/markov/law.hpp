// The context-conditioned law, and self-attention that samples from it.
//
//   attention        P_W(y = i | X) = m_i exp(e_i' W e_k) / sum_j m_j exp(e_j' W e_k)
//   chain            pi^X_i = m_i pi_ik / sum_j m_j pi_jk,   m_i = share of token i in X
//   P and W          pi_.k = softmax(E W e_k);  e_i' W e_k = log pi_ik - mean_j log pi_jk
//
// k is the query: the last token of the prompt in self-attention, given apart from the keys in
// cross-attention. With positions, m_i is the mass of the places that hold i (arXiv 2402.13512).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "regard/theory/markov/chain.hpp"

namespace regard::markov {

/// How much each place of a prompt counts: `by_distance[0]` is for the last token, and what is
/// further back than the list counts 0; `by_index[0]` is for the first token of all, and what is
/// behind the list counts 1. Empty: 1 everywhere.
struct Positions {
  std::vector<double> by_distance, by_index;
  bool plain() const { return by_distance.empty() && by_index.empty(); }
  double at(int64_t index, int64_t length) const;
};

/// Masses (K) of the tokens of a prompt; they sum to 1. InputError where they are all 0.
std::vector<double> masses(std::span<const int32_t> prompt, int64_t tokens,
                           const Positions& positions = {});

/// The law (K) of the next token: masses reweighted by column `query`.
std::vector<double> conditioned(const Chain& chain, std::span<const double> mass, int32_t query);

/// Log-weights (K, K) by columns: log pi_ik less its mean over i.
std::vector<double> weights_of(const Chain& chain);
/// Columns of softmaxes.
Chain chain_of(std::span<const double> weights, int64_t tokens);

/// Embeddings E (K, d) with independent rows, the read-out C = E^+' with C E' = I, and the
/// attention matrix W (d, d) with E W E' = log-weights.
struct Embedded {
  int64_t tokens = 0, width = 0;
  std::vector<double> e, c, w;  // row-major
};
/// E from a normal distribution, keyed by the seed; d >= K.
Embedded embed(const Chain& chain, int64_t width, uint64_t seed);

/// softmax(X W x_L) summed over values: keys (L, d), query W x_L (d) -> X' softmax(keys . query),
/// (d).
using Attend =
    std::function<std::vector<double>(std::span<const double> keys, std::span<const double> query)>;
/// The equation in float64.
std::vector<double> attend_plainly(std::span<const double> keys, std::span<const double> query);

/// C f_W(X): the law (K) that attention gives after a prompt, with the query given apart.
std::vector<double> attention_law(const Embedded& model, std::span<const int32_t> prompt,
                                  int32_t query, const Attend& attend = attend_plainly);

/// The largest difference between attention and chain on random prompts.
struct Equivalence {
  int64_t prompts = 0;
  double largest = 0;
  std::vector<int64_t>
      histogram;  // prompts by largest difference: below 1e-16, 1e-15, ... 1e-10, above
};
struct EquivalenceSpec {
  int64_t tokens = 6, length = 8, width = 6, prompts = 10000;
  uint64_t seed = 1;
};
Equivalence check_equivalence(const EquivalenceSpec& spec, const Attend& attend = attend_plainly);

}  // namespace regard::markov
