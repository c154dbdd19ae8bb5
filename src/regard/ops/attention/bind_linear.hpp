// The product that makes q, k and v of holographic attention, with the binding of k and v in it.
#pragma once

#include <torch/types.h>

#include "regard/ops/block/linear.hpp"
#include "regard/ops/place.hpp"

namespace regard::ops {

/// The CUDA kernel binds keys and values in their product: Hopper, 16-bit types, width 256, 4, 8 or
/// 16 heads, sequences of at least 4,096 tokens, a multiple of 128.
Support can_bind_linear(const Place& place, int64_t batch, int64_t length, int64_t width,
                        int64_t heads);

/// linear_deferred_bias of x (B, T, H) and weight (3 H, H), whose result is q, k and v of `heads`
/// heads in the folded Fourier basis. Where it is faster (16-bit types on a Hopper GPU, H 256, long
/// sequences) also `bindings` (B, chunks, heads, H / heads) fp32: its sum over chunks is that of k
/// o v over all T tokens, for ops::hrr_packed without lengths. Else `bindings` is undefined.
DeferredBias linear_bind(const torch::Tensor& x, const WeightAndBias& layer, int64_t heads);

}  // namespace regard::ops
