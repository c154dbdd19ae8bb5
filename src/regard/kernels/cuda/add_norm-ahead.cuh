// Rows of a norm that come while others are worked on.
#pragma once

#include "regard/kernels/cuda/add_norm-device.cuh"
#include "regard/kernels/cuda/cluster.cuh"

namespace regard::kernels::cuda::norm {

/// Pieces of rows on their way into shared memory: `depth` rows a thread, in no registers. Each
/// thread reads what it copied itself, so that it needs no barrier.
template <class T, int depth>
struct Ahead {
  static constexpr int kPer = 16 / sizeof(T), kParts = kVector / kPer;
  static constexpr int kBytes = depth * kParts * kThreads * 16;
  char* memory;

  __device__ inline char* at(int slot, int part) const {
    return memory + ((slot * kParts + part) * kThreads + static_cast<int>(threadIdx.x)) * 16;
  }
  __device__ inline void start(int slot, const T* matrix, int64_t row, int64_t rows, int column,
                               int width) const {
    const bool on = row < rows && column < width;
    const T* const from = on ? matrix + row * width + column : matrix;
#pragma unroll
    for (int part = 0; part < kParts; ++part) copy_async(at(slot, part), from + part * kPer, on);
  }
  __device__ inline Eight take(int slot) const {
    Eight out;
#pragma unroll
    for (int part = 0; part < kParts; ++part) {
      const auto pack = *reinterpret_cast<const Pack<T, kPer>*>(at(slot, part));
#pragma unroll
      for (int i = 0; i < kPer; ++i) out.x[part * kPer + i] = to_float(pack.x[i]);
    }
    return out;
  }
};

/// Rows that a thread has on their way: what `budget` bytes of shared memory hold, 2 to 4.
constexpr int depth_of(int budget, int row) {
  return budget / row < 2 ? 2 : budget / row > 4 ? 4 : budget / row;
}

}  // namespace regard::kernels::cuda::norm
