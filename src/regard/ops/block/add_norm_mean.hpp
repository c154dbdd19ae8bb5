// The last norm of a model and the mean over the tokens of each sequence, as one differentiable
// operator.
#pragma once

#include "regard/ops/block/add_norm.hpp"

namespace regard::ops {

/// norm(x + dropout(branch)) averaged over the first lengths[b] tokens: x (B, T, H) -> (B, H) in
/// the type of the norm's weight, 0 where there is no token. The branch may be undefined; lengths
/// (B) int64 or undefined: all. On a GPU, where add_norm has a kernel, the normed tokens are never
/// in memory; else the mean_rows of add_norm.
torch::Tensor add_norm_mean(const torch::Tensor& x, const Branch& branch,
                            const NormParameters& norm, double dropout, const DropoutKey& key,
                            const torch::Tensor& lengths);

}  // namespace regard::ops
