// Helpers that folds share: rows of padding, sums over time, compulsory bytes.
#pragma once

#include "regard/attention/fold.hpp"

namespace regard::attention {

/// y with the rows of padded queries set to zero, value and gradient.
inline torch::Tensor clear_padding(const torch::Tensor& y, const Inputs& x) {
  if (!x.lengths.defined() || x.queries != x.v.size(2)) return y;
  return y.masked_fill(~valid_rows(x.lengths, x.queries), 0.0);
}

/// float for half types, else unchanged: sums over time are kept in fp32 or better.
inline torch::ScalarType sum_type(torch::ScalarType type) {
  return type == torch::kHalf || type == torch::kBFloat16 ? torch::kFloat : type;
}

/// Bytes of reading q, k, v as far as used and writing y, once each.
inline double io_bytes(const ops::Problem& p, const Uses& uses) {
  const double query = static_cast<double>(p.batch * p.heads * p.queries * p.width);
  const double key = static_cast<double>(p.batch * p.kv_heads * p.keys * p.width);
  return static_cast<double>(c10::elementSize(p.dtype)) *
         (query * (uses.q ? 2 : 1) + key * (int{uses.k} + int{uses.v}));
}

}  // namespace regard::attention
