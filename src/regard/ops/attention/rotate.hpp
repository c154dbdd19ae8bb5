// Rotary positions on the packed projections of attention as one differentiable operator.
#pragma once

#include <torch/types.h>

#include "regard/ops/support.hpp"

namespace regard::ops {

/// Whether rotate_packed runs here: fp32 and bf16 on CPUs; on GPUs a CUDA build, and fp16 too.
Support can_rotate(torch::DeviceType device, torch::ScalarType type);

/// qkv (B, T, 3, h, d), contiguous, with q and k as nn::rotate(., 0) leaves them and v as it is.
/// The angles are exact to fp32 for every place, whatever the type.
torch::Tensor rotate_packed(const torch::Tensor& qkv);

}  // namespace regard::ops
