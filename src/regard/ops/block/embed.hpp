// Rows of a table for ids, with positions added, as a differentiable operator.
#pragma once

#include <torch/types.h>

#include "regard/ops/place.hpp"

namespace regard::ops {

/// The CUDA kernel looks up rows of an fp32 table: widths that are multiples of 4.
Support can_embed(const Place& place, int64_t width);

/// table (V, H), ids int64 (B, T), positions (T, H) or undefined: x (B, T, H) of `type`. On a GPU
/// one kernel, and for small tables a gradient by one product with rows of ones: no sorting of ids,
/// and a fixed order of sums. Positions that take gradients of any type (set_grad_dtype) get that
/// of a single sequence as it comes, without a copy.
torch::Tensor embed(const torch::Tensor& table, const torch::Tensor& ids,
                    const torch::Tensor& positions, torch::ScalarType type);

}  // namespace regard::ops
