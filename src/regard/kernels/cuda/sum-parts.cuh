// The second stage of sums over rows: what each block left, added in the order of blocks.
#pragma once

#include "regard/kernels/cuda/device.cuh"

namespace regard::kernels::cuda {

constexpr int kPartThreads = 256, kPartColumns = 32;

/// Where sums go; null ones at the end are left out.
struct SumsTo {
  float* to[3];
};

/// to[n][c] = sum over blocks of parts[n][block][c], n = row of the grid.
static __global__ __launch_bounds__(kPartThreads) void sum_parts(const float* parts, int blocks,
                                                                 int64_t columns, SumsTo sums) {
  constexpr int kTurns = kPartThreads / kPartColumns;
  __shared__ float shared[kPartThreads];
  const int lane = threadIdx.x % kPartColumns, turn = threadIdx.x / kPartColumns;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kPartColumns + lane;
  const float* const from = parts + static_cast<int64_t>(blockIdx.y) * blocks * columns;
  float sum = 0.0f;
  if (column < columns) {
#pragma unroll 8
    for (int b = turn; b < blocks; b += kTurns) sum += from[b * columns + column];
  }
  shared[threadIdx.x] = sum;
  __syncthreads();
  if (turn == 0 && column < columns) {
    for (int i = 1; i < kTurns; ++i) sum += shared[i * kPartColumns + lane];
    (blockIdx.y == 0 ? sums.to[0] : blockIdx.y == 1 ? sums.to[1] : sums.to[2])[column] = sum;
  }
}

inline void launch_sum_parts(const float* parts, int blocks, int64_t columns, const SumsTo& sums,
                             cudaStream_t stream) {
  const dim3 grid(static_cast<unsigned>((columns + kPartColumns - 1) / kPartColumns), sums.to[2] ? 3
                                                                                      : sums.to[1]
                                                                                          ? 2
                                                                                          : 1);
  launch(sum_parts, grid, kPartThreads, 0, stream, parts, blocks, columns, sums);
}

}  // namespace regard::kernels::cuda
