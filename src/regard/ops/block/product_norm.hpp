// A branch whose product waits, with the residual sum and the norm after it, as one differentiable
// operator. Inside ops.
#pragma once

#include <torch/types.h>

#include <optional>

#include "regard/ops/block/add_norm.hpp"

namespace regard::ops {

/// The CUDA kernel takes x W^T + b at the end of a branch into residual sum and norm: Hopper, a
/// square weight of width 256, one 16-bit type.
Support can_product_norm(const Place& place, int64_t rows, int64_t width);

/// The same for a branch whose product is of `type`: then the product may wait.
bool can_wait(const torch::Tensor& x, const torch::Tensor& weight, torch::ScalarType type);

/// As add_norm, in one kernel with the branch's product where that waits and the stream has its
/// type and shape; else nothing.
std::optional<Normed> product_norm(const torch::Tensor& x, const Branch& branch,
                                   const NormParameters& norm, double dropout,
                                   const DropoutKey& key);

}  // namespace regard::ops
