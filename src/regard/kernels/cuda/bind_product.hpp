// The product that makes q, k and v, with the first pass of holographic attention in it: a block
// that has k and v of a head in its registers binds them before they go to memory (Hopper).
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

/// x (batch, length, 256) times a weight (768, 256): q, k and v of `heads` heads, in the folded
/// Fourier basis.
struct BindProduct {
  Storage storage;  ///< kHalf or kBFloat16
  int64_t batch, length, heads;
};

/// Compute capability 9.0, a length divisible by 64, 4, 8 or 16 heads.
bool bind_product_takes(const BindProduct& problem);

/// Chunks of time that the sums come in.
int64_t bind_product_chunks(const BindProduct& problem);

/// y (batch, length, 3, heads, width) = x W^T + bias, and parts (batch, chunks, heads, width),
/// whose sum over chunks is that of k o v over all tokens, as `bind` of hrr-bind.cuh has it; fp32,
/// in a fixed order. bias (768) fp32. Returns 0 or a cudaError_t.
int bind_product(const BindProduct& problem, const void* x, const void* weight, const float* bias,
                 void* y, float* parts, void* stream);

}  // namespace regard::kernels::cuda
