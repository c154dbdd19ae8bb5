// The feed-forward of a block with GELU, as one differentiable operator.
#pragma once

#include <torch/types.h>

#include "regard/ops/branch.hpp"
#include "regard/ops/linear.hpp"

namespace regard::ops {

/// gelu(x U^T + a) D^T + b with the exact GELU; x (.., H), up U (M, H) and a (M), down D (H, M) and b (H); b apart where the residual sum
/// adds it for nothing. In 16-bit types on a Hopper GPU, H 128 or 256 and M a multiple of 256, the GELU works on the sums of the
/// products before they go to memory; else two products and operators between them.
Branch gelu_mlp(const torch::Tensor& x, const WeightAndBias& up, const WeightAndBias& down);

}  // namespace regard::ops
