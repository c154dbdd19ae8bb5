// A warp holds a row in registers, 8 neighbouring elements a lane and piece; a row is read once and written once.
#include "regard/kernels/cuda/add_norm.hpp"
#include "regard/kernels/cuda/philox-device.cuh"
#include "regard/kernels/cuda/storage-device.cuh"
#include "regard/kernels/cuda/sum-parts.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32, kVector = 8;

__device__ inline float warp_sum(float x) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(~0u, x, step);
  return x;
}

template <int pieces>
struct RowValues {
  float x[pieces * kVector];
};

__device__ inline int column_of(int piece) {
  return (piece * 32 + static_cast<int>(threadIdx.x % 32)) * kVector;
}

/// A row as it lies in memory: rows on their way take no more registers than they have bytes.
template <class T, int pieces>
struct RawValues {
  Pack<T, kVector> pack[pieces];
};

template <class T, int pieces>
__device__ inline RawValues<T, pieces> fetch(const T* matrix, int64_t row, int64_t rows,
                                             int width) {
  RawValues<T, pieces> raw;
#pragma unroll
  for (int p = 0; p < pieces; ++p) {
    const int column = column_of(p);
    if (row < rows && column < width) {
      raw.pack[p] = *reinterpret_cast<const Pack<T, kVector>*>(matrix + row * width + column);
    } else {
#pragma unroll
      for (int i = 0; i < kVector; ++i) raw.pack[p].x[i] = from_float<T>(0.0f);
    }
  }
  return raw;
}

template <class T, int pieces>
__device__ inline RowValues<pieces> widen(const RawValues<T, pieces>& raw) {
  RowValues<pieces> out;
#pragma unroll
  for (int p = 0; p < pieces; ++p) {
#pragma unroll
    for (int i = 0; i < kVector; ++i) out.x[p * kVector + i] = to_float(raw.pack[p].x[i]);
  }
  return out;
}

template <class T, int pieces>
__device__ inline RowValues<pieces> load(const T* row, int width) {
  return widen(fetch<T, pieces>(row, 0, 1, width));
}

template <class T, int pieces>
__device__ inline void store(T* row, const RowValues<pieces>& values, int width) {
#pragma unroll
  for (int p = 0; p < pieces; ++p) {
    const int column = column_of(p);
    if (column >= width) continue;
    Pack<T, kVector> pack;
#pragma unroll
    for (int i = 0; i < kVector; ++i) pack.x[i] = from_float<T>(values.x[p * kVector + i]);
    *reinterpret_cast<Pack<T, kVector>*>(row + column) = pack;
  }
}

template <int pieces>
__device__ inline void drop(const DropoutDraw& draw, int64_t step, int64_t row, int width,
                            RowValues<pieces>& values) {
#pragma unroll
  for (int p = 0; p < pieces; ++p) {
    const int column = column_of(p);
    if (column >= width) continue;
    const int64_t block = (row * width + column) / 4;
    float factors[kVector];
    dropout_factors(draw, step, block, factors);
    dropout_factors(draw, step, block + 1, factors + 4);
#pragma unroll
    for (int i = 0; i < kVector; ++i) values.x[p * kVector + i] *= factors[i];
  }
}

template <class X, class H, int pieces>
__global__ __launch_bounds__(kThreads) void forward(AddNormProblem problem, const X* x,
                                                    const H* branch, const float* branch_bias,
                                                    const float* gamma, const float* beta, X* x_out,
                                                    H* h, float* stats) {
  begin_kernel();
  const int width = problem.width;
  const float share = 1.0f / static_cast<float>(width);
  const int64_t step = problem.draw.step ? *problem.draw.step : 0;
  const auto scale = load<float, pieces>(gamma, width);
  RowValues<pieces> shift{}, bias{};
  if (beta) shift = load<float, pieces>(beta, width);
  if (branch_bias) bias = load<float, pieces>(branch_bias, width);
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kWarps;
  const int64_t first = blockIdx.x * static_cast<int64_t>(kWarps) + threadIdx.x / 32;
  auto next_x = fetch<X, pieces>(x, first, problem.rows, width);
  RawValues<H, pieces> next_branch{};
  if (branch) next_branch = fetch<H, pieces>(branch, first, problem.rows, width);
  for (int64_t row = first; row < problem.rows; row += stride) {
    auto values = widen(next_x);
    auto added = widen(next_branch);
    next_x = fetch<X, pieces>(x, row + stride, problem.rows, width);
    if (branch) {
      next_branch = fetch<H, pieces>(branch, row + stride, problem.rows, width);
#pragma unroll
      for (int i = 0; i < pieces * kVector; ++i) added.x[i] += bias.x[i];
      if (problem.draw.step) drop(problem.draw, step, row, width, added);
#pragma unroll
      for (int i = 0; i < pieces * kVector; ++i) {
        // The norm sees what the stream keeps.
        values.x[i] = to_float(from_float<X>(values.x[i] + added.x[i]));
      }
      store(x_out + row * width, values, width);
    }
    float mean = 0.0f;
    if (problem.centred) {
#pragma unroll
      for (int i = 0; i < pieces * kVector; ++i) mean += values.x[i];
      mean = warp_sum(mean) * share;
    }
    float square = 0.0f;
#pragma unroll
    for (int p = 0; p < pieces; ++p) {
      const bool inside = column_of(p) < width;
#pragma unroll
      for (int i = p * kVector; i < (p + 1) * kVector; ++i) {
        const float off = inside ? values.x[i] - mean : 0.0f;
        square += off * off;
      }
    }
    const float inverse = rsqrtf(warp_sum(square) * share + problem.eps);
#pragma unroll
    for (int i = 0; i < pieces * kVector; ++i) {
      values.x[i] = (values.x[i] - mean) * inverse * scale.x[i] + shift.x[i];
    }
    store(h + row * width, values, width);
    if (threadIdx.x % 32 == 0) {
      stats[2 * row] = mean;
      stats[2 * row + 1] = inverse;
    }
  }
}

template <class X, class H, int pieces>
__global__ __launch_bounds__(kThreads) void backward(AddNormProblem problem, const X* x,
                                                     const float* stats, const float* gamma,
                                                     const X* dx_next, const H* dh, X* dx,
                                                     H* dbranch, float* parts, int sums) {
  begin_kernel();
  float* const shared = dynamic_shared<float>();
  const int width = problem.width;
  const float share = 1.0f / static_cast<float>(width);
  const int64_t step = problem.draw.step ? *problem.draw.step : 0;
  const auto scale = load<float, pieces>(gamma, width);
  RowValues<pieces> dgamma{}, dbeta{}, dbias{};
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kWarps;
  const int64_t first = blockIdx.x * static_cast<int64_t>(kWarps) + threadIdx.x / 32;
  auto next_x = fetch<X, pieces>(x, first, problem.rows, width);
  auto next_dh = fetch<H, pieces>(dh, first, problem.rows, width);
  RawValues<X, pieces> next_dx{};
  if (dx_next) next_dx = fetch<X, pieces>(dx_next, first, problem.rows, width);
  for (int64_t row = first; row < problem.rows; row += stride) {
    auto values = widen(next_x);
    const auto given = widen(next_dh);
    auto out = widen(next_dx);
    next_x = fetch<X, pieces>(x, row + stride, problem.rows, width);
    next_dh = fetch<H, pieces>(dh, row + stride, problem.rows, width);
    if (dx_next) next_dx = fetch<X, pieces>(dx_next, row + stride, problem.rows, width);
    const float mean = stats[2 * row], inverse = stats[2 * row + 1];
    float sum = 0.0f, along = 0.0f;
#pragma unroll
    for (int i = 0; i < pieces * kVector; ++i) {
      values.x[i] = (values.x[i] - mean) * inverse;  // outside the width it meets zeros alone
      const float d = given.x[i] * scale.x[i];
      sum += d;
      along += d * values.x[i];
      dgamma.x[i] += given.x[i] * values.x[i];
      dbeta.x[i] += given.x[i];
    }
    sum = problem.centred ? warp_sum(sum) * share : 0.0f;
    along = warp_sum(along) * share;
#pragma unroll
    for (int i = 0; i < pieces * kVector; ++i) {
      out.x[i] += inverse * (given.x[i] * scale.x[i] - sum - values.x[i] * along);
    }
    store(dx + row * width, out, width);
    if (problem.draw.step) drop(problem.draw, step, row, width, out);
    if (dbranch) store(dbranch + row * width, out, width);
#pragma unroll
    for (int i = 0; i < pieces * kVector; ++i) dbias.x[i] += out.x[i];
  }
  // Warp after warp: a fixed order.
  const auto write = [&](const RowValues<pieces>& mine, int which) {
    for (int warp = 0; warp < kWarps; ++warp) {
      if (static_cast<int>(threadIdx.x / 32) == warp) {
#pragma unroll
        for (int p = 0; p < pieces; ++p) {
          const int column = column_of(p);
          if (column >= width) continue;
#pragma unroll
          for (int i = 0; i < kVector; ++i) {
            float& at = shared[column + i];
            at = warp == 0 ? mine.x[p * kVector + i] : at + mine.x[p * kVector + i];
          }
        }
      }
      __syncthreads();
    }
    float* const to = parts + (static_cast<int64_t>(which) * gridDim.x + blockIdx.x) * width;
    for (int i = threadIdx.x; i < width; i += kThreads) to[i] = shared[i];
    __syncthreads();
  };
  int set = 0;
  write(dgamma, set++);
  if (problem.centred) write(dbeta, set++);
  if (set < sums) write(dbias, set);
}

template <class F>
int with_pieces(int width, const F& f) {
  const int pieces = (width + 255) / 256;
  if (pieces <= 1) return f(std::integral_constant<int, 1>{});
  if (pieces <= 2) return f(std::integral_constant<int, 2>{});
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

}  // namespace

bool can_add_norm(int64_t width) { return width > 0 && width % kVector == 0 && width <= 1024; }

int64_t add_norm_blocks(const AddNormProblem& problem) {
  const int64_t wanted = (problem.rows + kWarps - 1) / kWarps, most = 132 * 2;
  return wanted < most ? wanted : most;
}

int add_norm_forward(const AddNormProblem& problem, const void* x, const void* branch,
                     const float* branch_bias, const float* gamma, const float* beta, void* x_out,
                     void* h, float* stats, void* stream) {
  if (problem.rows == 0) return 0;
  const int64_t wanted = (problem.rows + kWarps - 1) / kWarps, most = 132 * 8;
  const auto blocks = static_cast<unsigned>(wanted < most ? wanted : most);
  return with_types(problem, [&](auto x_type, auto h_type) {
    using X = decltype(x_type);
    using H = decltype(h_type);
    return with_pieces(problem.width, [&](auto pieces) {
      launch(forward<X, H, pieces.value>, blocks, kThreads, 0, static_cast<cudaStream_t>(stream),
             problem, static_cast<const X*>(x), static_cast<const H*>(branch), branch_bias, gamma,
             beta, static_cast<X*>(x_out), static_cast<H*>(h), stats);
      return static_cast<int>(cudaGetLastError());
    });
  });
}

int add_norm_backward(const AddNormProblem& problem, const void* x_out, const float* stats,
                      const float* gamma, const void* dx_next, const void* dh, void* dx,
                      void* dbranch, float* dgamma, float* dbeta, float* dbranch_bias,
                      float* scratch, void* stream) {
  if (problem.rows == 0) return 0;
  const auto blocks = static_cast<unsigned>(add_norm_blocks(problem));
  const auto on = static_cast<cudaStream_t>(stream);
  SumsTo sums{{dgamma, nullptr, nullptr}};
  int count = 1;
  if (problem.centred) sums.to[count++] = dbeta;
  if (dbranch_bias) sums.to[count++] = dbranch_bias;
  return with_types(problem, [&](auto x_type, auto h_type) {
    using X = decltype(x_type);
    using H = decltype(h_type);
    return with_pieces(problem.width, [&](auto pieces) {
      launch(backward<X, H, pieces.value>, blocks, kThreads, problem.width * sizeof(float), on,
             problem, static_cast<const X*>(x_out), stats, gamma, static_cast<const X*>(dx_next),
             static_cast<const H*>(dh), static_cast<X*>(dx), static_cast<H*>(dbranch), scratch,
             count);
      launch_sum_parts(scratch, static_cast<int>(blocks), problem.width, sums, on);
      return static_cast<int>(cudaGetLastError());
    });
  });
}

}  // namespace regard::kernels::cuda
