// The product that makes q, k and v of holographic attention, with the binding of k and v in it.
#pragma once

#include <torch/types.h>

#include "regard/ops/linear.hpp"

namespace regard::ops {

/// linear_owing of x (B, T, H) and weight (3 H, H), whose result is q, k and v of `heads` heads in the folded Fourier basis. Where it is faster
/// (16-bit types on a Hopper GPU, H 256, long sequences) also `bound` (B, chunks, heads, H / heads) fp32: its sum over chunks is that of k o v
/// over all T tokens, for ops::hrr_packed without lengths. Else `bound` is undefined.
OwedBias linear_bound(const torch::Tensor& x, const WeightAndBias& layer, int64_t heads);

}  // namespace regard::ops
