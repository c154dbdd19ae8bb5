// The numbers of base/philox.hpp on a GPU.
#pragma once

#include "regard/kernels/cuda/device.cuh"
#include "regard/kernels/cuda/dropout_draw.hpp"

namespace regard::kernels::cuda {

/// Factors of the four elements of block `block` (elements 4 block .. 4 block + 3).
__device__ inline void dropout_factors(const DropoutDraw& draw, int64_t step, int64_t block,
                                       float* factors) {
  uint32_t c[4] = {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                   static_cast<uint32_t>(step), static_cast<uint32_t>(step >> 32)};
  auto k0 = static_cast<uint32_t>(draw.key), k1 = static_cast<uint32_t>(draw.key >> 32);
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    const uint32_t a_high = __umulhi(0xD2511F53u, c[0]), a_low = 0xD2511F53u * c[0];
    const uint32_t b_high = __umulhi(0xCD9E8D57u, c[2]), b_low = 0xCD9E8D57u * c[2];
    c[0] = b_high ^ c[1] ^ k0;
    c[1] = b_low;
    c[2] = a_high ^ c[3] ^ k1;
    c[3] = a_low;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) factors[i] = c[i] >= draw.bound ? draw.keep : 0.0f;
}

}  // namespace regard::kernels::cuda
