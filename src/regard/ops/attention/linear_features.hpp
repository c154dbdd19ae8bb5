// The feature map of linear attention as one differentiable operator.
#pragma once

#include <torch/types.h>

#include "regard/ops/support.hpp"

namespace regard::ops {

/// Whether linear_features runs here: a CUDA build and a type that it takes.
Support can_linear_features(torch::DeviceType device, torch::ScalarType type);

/// phi(x) = elu(x) + 1 of x (B, h, T, d), any strides, contiguous; 0 behind `lengths` (int64 (B),
/// or undefined).
torch::Tensor linear_features(const torch::Tensor& x, const torch::Tensor& lengths);

}  // namespace regard::ops
