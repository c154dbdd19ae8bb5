#include <cuda_runtime.h>

#include "regard/kernels/cuda/dropout.hpp"

namespace regard::kernels::cuda {
namespace {

// One thread makes the four numbers of one Philox4x32-10 block.
__global__ void scale_blocks(float* scale, int64_t count, uint64_t bound, float keep, uint64_t key,
                             const int64_t* step) {
  const int64_t block = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x;
  if (block * 4 >= count) return;
  const auto at = static_cast<uint64_t>(*step);
  uint32_t c[4] = {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                   static_cast<uint32_t>(at), static_cast<uint32_t>(at >> 32)};
  auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
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
  for (int lane = 0; lane < 4; ++lane) {
    if (block * 4 + lane < count) scale[block * 4 + lane] = c[lane] >= bound ? keep : 0.0f;
  }
}

}  // namespace

int dropout_scale(float* scale, int64_t count, double p, uint64_t seed, const int64_t* step,
                  uint32_t site, void* stream) {
  if (count == 0) return 0;
  constexpr uint64_t kDropoutStream = 4;  // RandomStream::kDropout
  const auto bound = static_cast<uint64_t>(p * 4294967296.0 + 0.5);
  const uint64_t key = seed ^ (kDropoutStream << 32 | site) * 0x9E3779B97F4A7C15u;
  const int64_t blocks = (count + 3) / 4;
  constexpr int kThreads = 256;
  scale_blocks<<<static_cast<unsigned>((blocks + kThreads - 1) / kThreads), kThreads, 0,
                 static_cast<cudaStream_t>(stream)>>>(
      scale, count, bound, static_cast<float>(1.0 / (1.0 - p)), key, step);
  return static_cast<int>(cudaGetLastError());
}

}  // namespace regard::kernels::cuda
