// The mean over the tokens of each sequence as one differentiable operator.
#pragma once

#include <torch/types.h>

#include "regard/ops/place.hpp"

namespace regard::ops {

/// The CUDA kernel averages rows: widths that are multiples of 8, at most 65,535 sequences.
Support can_mean_rows(const Place& place, int64_t batch, int64_t width);

/// x (B, T, H) -> (B, H): the mean over the first lengths[b] tokens, 0 where there is none; lengths
/// (B) int64 or undefined: all. The mean has fp32 or better, whatever x has: a token's share of it
/// is less than a rounding of 16 bits.
torch::Tensor mean_rows(const torch::Tensor& x, const torch::Tensor& lengths);

}  // namespace regard::ops
