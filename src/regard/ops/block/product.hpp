// Products of tall 16-bit matrices with weights, by the fastest algorithm that gives the bits of
// PyTorch's own choice.
#pragma once

#include <torch/types.h>

namespace regard::ops {

/// a (M, K) b^T + bias, b (N, K) as a layer holds its weight; bias (N) of the same type, or
/// undefined.
torch::Tensor product_transposed(const torch::Tensor& a, const torch::Tensor& b,
                                 const torch::Tensor& bias);

/// a (M, K) b, b (K, N).
torch::Tensor product(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace regard::ops
