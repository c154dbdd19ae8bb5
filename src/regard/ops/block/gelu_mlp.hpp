// The feed-forward of a block with GELU, as one differentiable operator.
#pragma once

#include <torch/types.h>

#include "regard/ops/block/branch.hpp"
#include "regard/ops/block/linear.hpp"
#include "regard/ops/place.hpp"

namespace regard::ops {

/// The CUDA kernel applies the GELU to the sums of the product x U^T, x (rows, depth), U (columns,
/// depth): Hopper, 16-bit types, depth 128 or 256, columns a multiple of 256.
Support can_gelu_mlp(const Place& place, int64_t rows, int64_t depth, int64_t columns);

/// gelu(x U^T + a) D^T + b with the exact GELU; x (.., H), up U (M, H) and a (M), down D (H, M) and
/// b (H); b apart where the residual sum adds it for nothing. In 16-bit types on a Hopper GPU, H
/// 128 or 256 and M a multiple of 256, the GELU works on the sums of the products before they go to
/// memory; else two products and operators between them.
Branch gelu_mlp(const torch::Tensor& x, const WeightAndBias& up, const WeightAndBias& down);

}  // namespace regard::ops
