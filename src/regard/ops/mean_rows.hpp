// The mean over the tokens of each sequence as one differentiable operator.
#pragma once

#include <torch/types.h>

namespace regard::ops {

/// x (B, T, H) -> (B, H): the mean over the first lengths[b] tokens, 0 where there is none; lengths (B) int64 or
/// undefined: all. The mean has fp32 or better, whatever x has: a token's share of it is less than a rounding of 16 bits.
torch::Tensor mean_rows(const torch::Tensor& x, const torch::Tensor& lengths);

}  // namespace regard::ops
