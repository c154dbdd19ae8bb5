// A branch whose product waits, with the residual sum and the norm after it, as one differentiable operator. Inside ops.
#pragma once

#include <torch/types.h>

#include <optional>

#include "regard/ops/add_norm.hpp"

namespace regard::ops {

/// Whether a kernel takes x W^T + b at the end of a branch into the residual sum (Hopper, width 256): then the product may wait.
/// `type`: of the product.
bool can_wait(const torch::Tensor& x, const torch::Tensor& weight, torch::ScalarType type);

/// As add_norm, in one kernel with the branch's product where that waits and the stream has its type and shape; else nothing.
std::optional<Normed> product_norm(const torch::Tensor& x, const Branch& branch,
                                   const NormParameters& norm, double dropout,
                                   const DropoutKey& key);

}  // namespace regard::ops
