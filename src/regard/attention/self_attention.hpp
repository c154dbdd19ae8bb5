// The module that composes projection, graph and fold: y = fold(project(x), graph) W_o.
#pragma once

#include <torch/nn/modules/linear.h>

#include "regard/attention/phrase.hpp"
#include "regard/ops/branch.hpp"

namespace regard::attention {

/// How positions reach attention. Rotary maps q and k after the projection; a score bias is added to the scores.
struct Positions {
  /// x (B, h, T, d) at positions first, first + 1, ...
  std::function<torch::Tensor(const torch::Tensor& x, int64_t first)> rotate;
  /// qkv (B, T, 3, h, d) with q and k so mapped from position 0.
  std::function<torch::Tensor(const torch::Tensor& qkv)> rotate_packed;
  /// (h, T_q, T_k) for queries that end at the last key.
  std::function<torch::Tensor(int64_t queries, int64_t keys, const torch::TensorOptions&)> bias;
};

struct SelfAttentionOptions {
  int64_t width = 0;  // H
  int64_t heads = 0;  // h divides H
  bool causal = false;
  bool bias = true;
};

/// Parameters: projection.* (by the projection's own names), out.weight (H, H), out.bias (H).
class SelfAttention : public torch::nn::Module {
 public:
  SelfAttention(Phrase phrase, const SelfAttentionOptions& options, Positions positions = {});

  /// x (B, T, H), lengths (B) or undefined -> (B, T, H).
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& lengths) {
    return branch(x, lengths).sum();
  }
  /// The same for a residual sum, out.bias apart.
  ops::Branch branch(const torch::Tensor& x, const torch::Tensor& lengths);

  /// One more position, x (B, 1, H), against the state of `decoder` (made by `start`).
  torch::Tensor step(const torch::Tensor& x, Decoder& decoder, int64_t position);
  std::unique_ptr<Decoder> start() const;

  /// The weights that `forward` uses, for people to look at.
  WeightMap weights(const torch::Tensor& x, const torch::Tensor& lengths);

  const Phrase& phrase() const { return phrase_; }
  torch::nn::Linear& out() { return out_; }

 private:
  Inputs project(const torch::Tensor& x, const torch::Tensor& lengths, bool in_basis);
  /// In one piece, then into the basis as one product; false where the projection is not packed.
  bool rotate_packed(Qkv& projected);
  /// The fold's basis where the weights are, kept: a copy from the host could not be recorded. Undefined: none.
  const torch::Tensor& basis();

  Phrase phrase_;
  SelfAttentionOptions options_;
  Positions positions_;
  std::shared_ptr<ProjectionModule> projection_;
  torch::nn::Linear out_{nullptr};
  torch::Tensor basis_;
};

}  // namespace regard::attention
