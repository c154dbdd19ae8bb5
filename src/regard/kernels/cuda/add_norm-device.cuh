// A row of a norm in the registers of 1, 2 or 4 warps, runs of 8 neighbouring elements a lane: what
// add_norm.cu and add_norm_mean.cu share.
#pragma once

#include <type_traits>

#include "regard/kernels/cuda/add_norm.hpp"
#include "regard/kernels/cuda/philox-device.cuh"
#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda::norm {

constexpr int kThreads = 256, kWarps = kThreads / 32, kVector = 8, kWarpWidth = 32 * kVector;

__device__ inline float warp_sum(float x) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(~0u, x, step);
  return x;
}

struct Eight {
  float x[kVector];
};

/// Where a thread stands: its first column, and its row among those that the block holds at once. A
/// warp holds kWarpWidth columns.
template <int warps>
struct Place {
  static constexpr int kRows = kWarps / warps;
  int warp = static_cast<int>(threadIdx.x / 32);
  int part = warp % warps, group = warp / warps;
  int column = part * kWarpWidth + static_cast<int>(threadIdx.x % 32) * kVector;
};

/// A piece of a row as it lies in memory: on its way it takes no more registers than it has bytes.
template <class T>
__device__ inline Pack<T, kVector> fetch(const T* matrix, int64_t row, int64_t rows, int column,
                                         int width) {
  if (row < rows && column < width) {
    return *reinterpret_cast<const Pack<T, kVector>*>(matrix + row * width + column);
  }
  Pack<T, kVector> zeros;
#pragma unroll
  for (int i = 0; i < kVector; ++i) zeros.x[i] = from_float<T>(0.0f);
  return zeros;
}

template <class T>
__device__ inline Eight widen(const Pack<T, kVector>& pack) {
  Eight out;
#pragma unroll
  for (int i = 0; i < kVector; ++i) out.x[i] = to_float(pack.x[i]);
  return out;
}

template <class T>
__device__ inline void store(T* matrix, int64_t row, int64_t rows, int column, int width,
                             const Eight& values) {
  if (row >= rows || column >= width) return;
  Pack<T, kVector> pack;
#pragma unroll
  for (int i = 0; i < kVector; ++i) pack.x[i] = from_float<T>(values.x[i]);
  *reinterpret_cast<Pack<T, kVector>*>(matrix + row * width + column) = pack;
}

__device__ inline void drop(const DropoutDraw& draw, int64_t step, int64_t row, int column,
                            int width, Eight& values) {
  if (column >= width) return;
  const int64_t block = (row * width + column) / 4;
  float factors[kVector];
  dropout_factors(draw, step, block, factors);
  dropout_factors(draw, step, block + 1, factors + 4);
#pragma unroll
  for (int i = 0; i < kVector; ++i) values.x[i] *= factors[i];
}

struct Two {
  float a, b;
};

/// A barrier of the warps of one row, so that the rows of a block do not wait for each other.
/// Barrier 0 is __syncthreads.
template <int warps>
__device__ inline void row_barrier(int group) {
#ifdef REGARD_EMULATE_CUDA
  (void)group;
  __syncthreads();
#else
  // Constant names: a name from a register would claim all 16 barriers of a block.
#pragma unroll
  for (int g = 0; g < Place<warps>::kRows; ++g) {
    if (group == g) asm volatile("bar.sync %0, %1;" ::"r"(g + 1), "n"(warps * 32) : "memory");
  }
#endif
}

/// Hands what each warp of a row found to all warps of that row, by one barrier: two sets of slots
/// in turn, since the fastest warp is at most one exchange ahead. `apart`: a barrier of that row
/// alone.
template <int warps, bool apart = false>
struct Exchange {
  Two* slots;
  int parity = 0;

  template <class Each>
  __device__ inline void with_all(const Place<warps>& place, const Two& mine, const Each& each) {
    if constexpr (warps == 1) {
      each(0, mine);
    } else {
      Two* const now = slots + parity * kWarps;
      parity ^= 1;
      if (threadIdx.x % 32 == 0) now[place.warp] = mine;
      if constexpr (apart) {
        row_barrier<warps>(place.group);
      } else {
        __syncthreads();
      }
#pragma unroll
      for (int w = 0; w < warps; ++w) each(w, now[place.group * warps + w]);
    }
  }
};

/// Values that all rows share, of a thread's columns. One warp a row keeps them in registers;
/// several warps, which wait at barriers, need more of each other instead, and read them from
/// shared memory.
template <int warps>
struct Constants {
  Eight kept{};
  const float* shared = nullptr;

  /// `memory` for `width` floats; a barrier must follow.
  __device__ inline Constants(const float* given, const Place<warps>& place, int width,
                              float* memory)
      : shared(memory + place.column) {
    if constexpr (warps == 1) {
      if (given) kept = widen(fetch(given, 0, 1, place.column, width));
    } else {
      for (int i = threadIdx.x; i < warps * kWarpWidth; i += kThreads) {
        memory[i] = given && i < width ? given[i] : 0.0f;
      }
    }
  }
  __device__ inline Eight all() const {
    if constexpr (warps == 1) return kept;
    return widen(*reinterpret_cast<const Pack<float, kVector>*>(shared));
  }
};

template <int warps>
__device__ inline float count_of(int warp, int width) {
  if constexpr (warps == 1) return static_cast<float>(width);
  return static_cast<float>(max(0, min(kWarpWidth, width - warp * kWarpWidth)));
}

/// Mean and 1 / deviation of a row: mean and squares about it of a warp's columns, then of the row
/// (Chan, Golub, LeVeque 1983).
template <int warps, bool apart>
__device__ inline Two row_stats(const AddNormProblem& problem, const Place<warps>& place,
                                Exchange<warps, apart>& exchange, const Eight& values) {
  const int width = problem.width;
  const float count = count_of<warps>(place.part, width);
  Two mine{0.0f, 0.0f};
  if (problem.centred) {
#pragma unroll
    for (int i = 0; i < kVector; ++i) mine.a += values.x[i];
    mine.a = count > 0 ? warp_sum(mine.a) / count : 0.0f;
  }
  const bool inside = place.column < width;
#pragma unroll
  for (int i = 0; i < kVector; ++i) {
    const float off = inside ? values.x[i] - mine.a : 0.0f;
    mine.b += off * off;
  }
  mine.b = warp_sum(mine.b);
  float mean = mine.a, square = mine.b;
  if constexpr (warps > 1) {
    Two of[warps];
    exchange.with_all(place, mine, [&](int w, const Two& two) { of[w] = two; });
    mean = square = 0.0f;
#pragma unroll
    for (int w = 0; w < warps; ++w) mean += count_of<warps>(w, width) * of[w].a;
    mean /= static_cast<float>(width);
#pragma unroll
    for (int w = 0; w < warps; ++w) {
      const float off = of[w].a - mean;
      square += of[w].b + count_of<warps>(w, width) * off * off;
    }
  }
  return {mean, rsqrtf(square / static_cast<float>(width) + problem.eps)};
}

constexpr int warps_of(int64_t width) {
  return width <= kWarpWidth ? 1 : width <= 2 * kWarpWidth ? 2 : 4;
}

template <class F>
int with_warps(int width, const F& f) {
  const int warps = warps_of(width);
  if (warps == 1) return f(std::integral_constant<int, 1>{});
  if (warps == 2) return f(std::integral_constant<int, 2>{});
  return f(std::integral_constant<int, 4>{});
}

/// The pairs of types in use: all fp32; a 16-bit branch on an fp32 stream; all of one 16-bit type.
template <class F>
int with_types(const AddNormProblem& problem, const F& f) {
  return with_storage(problem.branch, [&](auto branch) {
    using H = decltype(branch);
    if (problem.stream == problem.branch) return f(H{}, H{});
    if (problem.stream == Storage::kFloat) return f(float{}, H{});
    return static_cast<int>(cudaErrorInvalidValue);
  });
}

}  // namespace regard::kernels::cuda::norm
