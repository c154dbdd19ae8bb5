// Rows that stay: a cluster of blocks takes one (batch, head), its blocks runs of its tokens, and
// every array comes from memory once, into shared memory.
#pragma once

#include "regard/kernels/cuda/cluster.cuh"
#include "regard/kernels/cuda/hrr-device.cuh"

namespace regard::kernels::cuda {

constexpr int kResidentThreads = 256, kResidentWarps = kResidentThreads / 32;

/// Rows of one array in shared memory. The halves of a row change places in every second group of
/// rows that fills the banks once; else the threads of neighbouring rows, which read the same half,
/// would meet in half of the banks.
template <class T, class L>
struct Tile {
  static constexpr int kHalf = L::kCount * L::kLanes, kWidth = 2 * kHalf;
  static constexpr int kBankRows = kWidth * sizeof(T) < 128 ? 128 / (kWidth * sizeof(T)) : 1;
  T* data;

  __device__ T* at(int row, int element) const {
    const int flip = row / kBankRows % 2 ? kHalf : 0;
    return data + row * kWidth + (element ^ flip);
  }
  __device__ Slots<L> load(int row, Lane lane) const {
    RawRow<T, L> raw;
    raw.re[0] = *reinterpret_cast<const Pack<T, L::kVector>*>(at(row, lane.slot<L>(0)));
    raw.im[0] = *reinterpret_cast<const Pack<T, L::kVector>*>(at(row, kHalf + lane.slot<L>(0)));
    return widen(raw);
  }
  /// Starts copies of `rows` rows, of which those from `valid` on are zeros.
  __device__ void fetch(const T* from, int64_t stride, int rows, int64_t valid) const {
    constexpr int kPieces = kWidth * sizeof(T) / 16, kElements = 16 / sizeof(T);
    for (int i = threadIdx.x; i < rows * kPieces; i += kResidentThreads) {
      const int row = i / kPieces, element = i % kPieces * kElements;
      const bool on = row < valid;
      copy_async(at(row, element), on ? from + row * stride + element : from, on);
    }
  }
};

/// A row over the lanes of its threads, and the rows that a block works on at a time.
template <class L>
struct ResidentPlace {
  static constexpr int kRows = kResidentThreads / L::kLanes;
  int row;  // of this thread, the first
  Lane lane;
};
template <class L>
__device__ inline ResidentPlace<L> resident_place() {
  return {static_cast<int>(threadIdx.x / L::kLanes),
          {static_cast<int>(threadIdx.x % L::kLanes), L::kCount * L::kLanes}};
}

template <class L>
__device__ inline Slots<L> load_shared(const float* row, Lane at) {
  Slots<L> x;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    x.re[i] = row[at.slot<L>(0) + i];
    x.im[i] = row[at.half + at.slot<L>(0) + i];
  }
  return x;
}

/// Floats of shared memory that the sums of a block need.
template <class L>
constexpr int kResidentSums = kResidentWarps * 2 * L::kCount* L::kLanes;

/// out[width] = the slots of all rows of the block, added in a fixed order. `out` may be global or
/// shared memory.
template <class L>
__device__ inline void sum_block(Slots<L> x, Lane at, float* shared, float* out) {
  constexpr int kWidth = 2 * L::kCount * L::kLanes;
#pragma unroll
  for (int step = L::kLanes; step < 32; step *= 2) {
#pragma unroll
    for (int i = 0; i < L::kCount; ++i) {
      x.re[i] += __shfl_xor_sync(~0u, x.re[i], step);
      x.im[i] += __shfl_xor_sync(~0u, x.im[i], step);
    }
  }
  if (threadIdx.x % 32 < L::kLanes) {
    float* const row = shared + threadIdx.x / 32 * kWidth;
#pragma unroll
    for (int i = 0; i < L::kCount; ++i) {
      row[at.slot<L>(0) + i] = x.re[i];
      row[at.half + at.slot<L>(0) + i] = x.im[i];
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < kWidth; i += kResidentThreads) {
    float sum = 0.0f;
#pragma unroll
    for (int w = 0; w < kResidentWarps; ++w) sum += shared[w * kWidth + i];
    out[i] = sum;
  }
  __syncthreads();
}

/// *out = the sum of x over all threads of the block.
__device__ inline void sum_block_number(float x, float* shared, float* out) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(~0u, x, step);
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = x;
  __syncthreads();
  if (threadIdx.x == 0) {
    float sum = 0.0f;
    for (int w = 0; w < kResidentWarps; ++w) sum += shared[w];
    *out = sum;
  }
  __syncthreads();
}

/// The same number of every block of the cluster, added in their order.
__device__ inline float sum_cluster(const float* mine, unsigned blocks) {
  float sum = 0.0f;
#pragma unroll 4
  for (unsigned r = 0; r < blocks; ++r) sum += cluster_read(mine, r);
  return sum;
}

// ---- host

/// How a problem is cut: `blocks` of a cluster (0: its rows do not fit), `chunk` tokens each, bytes
/// of shared memory.
struct ResidentPlan {
  int blocks = 0, chunk = 0;
  std::size_t shared = 0;
};

/// `arrays` rows of 16 bits and `numbers` fp32 numbers a token stay, beside `floats`.
ResidentPlan plan_resident(const HrrProblem& problem, int arrays, int numbers, int floats);

/// Calls f(layout, storage type) for 16-bit rows of 16, 32, 64, 128 or 256.
template <class F>
int with_resident(const HrrProblem& problem, const F& f) {
  const auto typed = [&](auto layout) {
    return problem.storage == Storage::kHalf ? f(layout, __half{}) : f(layout, __nv_bfloat16{});
  };
  switch (problem.width) {
    case 16:
      return typed(Layout<4, 1, 2>{});
    case 32:
      return typed(Layout<4, 1, 4>{});
    case 64:
      return typed(Layout<4, 1, 8>{});
    case 128:
      return typed(Layout<4, 1, 16>{});
    default:
      return typed(Layout<4, 1, 32>{});
  }
}

}  // namespace regard::kernels::cuda
