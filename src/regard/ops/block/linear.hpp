// Products with weights as PyTorch's linear, with what surrounds them on a GPU in 16-bit types:
// gradients of biases by one reading, GELU with its bias.
#pragma once

#include <torch/types.h>

#include "regard/ops/block/branch.hpp"

namespace regard::ops {

/// x W^T + b; x (.., K), weight (M, K), bias (M) or undefined. Under autocast in its type.
torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight,
                     const torch::Tensor& bias);

/// The same, with b left apart where the residual sum adds it at no cost: in 16-bit types on a GPU.
/// There the product waits where a kernel computes it with the residual sum and the norm
/// (ops/block/product_norm.hpp).
Branch linear_branch(const torch::Tensor& x, const torch::Tensor& weight,
                     const torch::Tensor& bias);

/// x W^T + b with a deferred gradient of b: the graph of `value` leaves b out, and the reader of
/// `value` computes it. `bias` undefined: nothing is deferred. Only in 16-bit types on a GPU, where
/// a kernel that reads the rows of the gradient anyway sums them at no cost.
struct DeferredBias {
  torch::Tensor value, bias;
  torch::Tensor bindings = {};  // of linear_bind alone, see ops/attention/bind_linear.hpp
};
DeferredBias linear_deferred_bias(const torch::Tensor& x, const torch::Tensor& weight,
                                  const torch::Tensor& bias);

/// The value, of any shape whose last axes make the bias, in a graph that gives the bias its
/// gradient by one more reading of the value's.
torch::Tensor with_bias_gradient(const DeferredBias& linear);

/// gelu(x W^T + b) with the exact GELU.
torch::Tensor linear_gelu(const torch::Tensor& x, const torch::Tensor& weight,
                          const torch::Tensor& bias);

/// Blocks of d neighbours times u (d, d): of the rows of w (n d, M), or of its columns (M, n d).
/// Under autocast the result is of its type.
enum class BasisSide { kRows, kColumns };
torch::Tensor change_basis(const torch::Tensor& w, const torch::Tensor& u, BasisSide side);

/// Weight (n d, M) and bias (n d) or undefined of one layer, their rows together; the bias stays of
/// its type.
struct WeightAndBias {
  torch::Tensor weight, bias;
};
WeightAndBias change_basis(const WeightAndBias& layer, const torch::Tensor& u);

/// Sums of the rows of g, whose last axes hold `count` numbers together: (count), fp32.
torch::Tensor bias_gradient(const torch::Tensor& g, int64_t count);

}  // namespace regard::ops
