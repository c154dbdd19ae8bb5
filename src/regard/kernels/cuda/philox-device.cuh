// The numbers of base/philox.hpp on a GPU.
#pragma once

#include <cstdint>

namespace regard::kernels::cuda {

/// Which numbers to draw, and what to do with them: an element is kept where its number is >= bound, and then
/// multiplied by `keep`.
struct DropoutDraw {
  uint32_t bound = 0;  // p 2^32
  float keep = 1.0f;   // 1 / (1 - p)
  uint64_t key = 0;
  const int64_t* step = nullptr;  // on the device; null: nothing is dropped
};

/// The draw of kernels/cpu/dropout.hpp for (seed, site).
inline DropoutDraw make_draw(double p, uint64_t seed, const int64_t* step, uint32_t site) {
  constexpr uint64_t kDropoutStream = 4;  // RandomStream::kDropout
  return {static_cast<uint32_t>(p * 4294967296.0 + 0.5), static_cast<float>(1.0 / (1.0 - p)),
          seed ^ (kDropoutStream << 32 | site) * 0x9E3779B97F4A7C15u, step};
}

#ifdef __CUDACC__
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
#endif

}  // namespace regard::kernels::cuda
