// How positions reach attention: a map of q and k after the projection (rotary), or a bias added to
// the scores (ALiBi). A module, so that it may own parameters.
#pragma once

#include <torch/nn/module.h>

namespace regard::attention {

class Positions : public torch::nn::Module {
 public:
  /// Whether q and k are mapped after the projection.
  virtual bool maps() const { return false; }
  /// x (B, h, T, d) of positions first, first + 1, ...
  virtual torch::Tensor map(const torch::Tensor& x, int64_t first) const;
  /// qkv (B, T, 3, h, d) with q and k mapped from position 0, and v as it is.
  virtual torch::Tensor map_packed(const torch::Tensor& qkv) const;

  /// Whether a bias is added to the scores. It needs queries and keys of one sequence.
  virtual bool biases() const { return false; }
  /// (h, T_q, T_k) for queries that end at the last key.
  virtual torch::Tensor bias(int64_t queries, int64_t keys,
                             const torch::TensorOptions& options) const;
};

}  // namespace regard::attention
