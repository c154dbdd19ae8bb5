// Helpers that folds share: rows of padding, sums over time, compulsory bytes.
#pragma once

#include "regard/attention/fold.hpp"

namespace regard::attention {

/// Rows of queries (B, .., T_q, d) with those of padding set to zero, value and gradient.
inline torch::Tensor clear_queries(const torch::Tensor& y, const Inputs& x) {
  if (!x.query_lengths.defined()) return y;
  return y.masked_fill(~valid_rows(x.query_lengths, x.queries), 0.0);
}

/// The same for rows of keys (B, .., T_k, d).
inline torch::Tensor clear_keys(const torch::Tensor& k, const Inputs& x) {
  if (!x.key_lengths.defined()) return k;
  return k.masked_fill(~valid_rows(x.key_lengths, x.keys()), 0.0);
}

/// softmax over the allowed keys of scores (B, h, T_q, T_k); rows without keys are 0. It runs over
/// finite numbers, so that no
/// NaN reaches the gradient.
inline torch::Tensor softmax_of_allowed(const torch::Tensor& scores, const torch::Tensor& mask) {
  const double lowest = scores.scalar_type() == torch::kHalf ? -65504.0 : -1e30;
  return at::softmax(scores.masked_fill(~mask, lowest), -1).masked_fill(~mask, 0.0);
}

/// Whether queries and keys are the same positions of one sequence.
inline ops::Support needs_whole(const ops::Problem& p) {
  if (p.whole()) return ops::Support::yes();
  return ops::Support::no(p.graph.one_sequence() ? "as many queries as keys are needed"
                                                 : "queries and keys of one sequence are needed");
}

/// float for half types, else unchanged: sums over time are kept in fp32 or better.
inline torch::ScalarType sum_type(torch::ScalarType type) {
  return type == torch::kHalf || type == torch::kBFloat16 ? torch::kFloat : type;
}

/// Sequences of one head: B h. In double, as every size that a product of shapes can carry beyond 64 bits.
inline double rows_of(const ops::Problem& p) {
  return static_cast<double>(p.batch) * static_cast<double>(p.heads);
}

/// Bytes of reading q, k, v as far as used and writing y, once each.
inline double io_bytes(const ops::Problem& p, const Uses& uses) {
  const double width = static_cast<double>(p.width);
  const double query = rows_of(p) * static_cast<double>(p.queries) * width;
  const double key = static_cast<double>(p.batch) * static_cast<double>(p.kv_heads) *
                     static_cast<double>(p.keys) * width;
  return static_cast<double>(c10::elementSize(p.dtype)) *
         (query * (uses.q ? 2 : 1) + key * (int{uses.k} + int{uses.v}));
}

}  // namespace regard::attention
