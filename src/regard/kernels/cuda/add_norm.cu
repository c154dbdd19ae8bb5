// A row is read once and written once.
#include "regard/kernels/cuda/add_norm.hpp"

#include "regard/kernels/cuda/add_norm-ahead.cuh"
#include "regard/kernels/cuda/sum-parts.cuh"

namespace regard::kernels::cuda {
namespace {

using namespace norm;

// Threads of a block, blocks of a multiprocessor, bytes of rows on their way for each thread and piece.
constexpr int kForwardThreads = 256, kForwardBlocks = 3, kForwardBudget = 128;
constexpr int kBackwardThreads = 256, kBackwardBlocks = 2, kBackwardBudget = 144;
constexpr int kMostAhead = 4, kMostPieces = 1;

template <class X, class H, int warps, int pieces>
struct Forward {
  static constexpr int kThreads = kForwardThreads < 32 * warps ? 32 * warps : kForwardThreads;
  using Here = Place<warps, pieces, kThreads>;
  static constexpr int kDepth =
      depth_of(kForwardBudget, kVector*(sizeof(X) + sizeof(H)), kMostAhead);
  using Xs = Ahead<X, kDepth, Here, kThreads>;
  using Branches = Ahead<H, kDepth, Here, kThreads>;
  static constexpr int kBytes = Xs::kBytes + Branches::kBytes;
};

template <class X, class H, int warps, int pieces>
struct Backward {
  static constexpr int kThreads = kBackwardThreads < 32 * warps ? 32 * warps : kBackwardThreads;
  using Here = Place<warps, pieces, kThreads>;
  static constexpr int kDepth =
      depth_of(kBackwardBudget, kVector*(2 * sizeof(X) + sizeof(H)), kMostAhead);
  using Xs = Ahead<X, kDepth, Here, kThreads>;
  using Dhs = Ahead<H, kDepth, Here, kThreads>;
  static constexpr int kBytes = 2 * Xs::kBytes + Dhs::kBytes;
  static_assert(kBytes >= kThreads * pieces * kVector * 4, "the sums of the block use it too");
};

/// Values that all rows share, of a thread's columns: in registers, or in shared memory where they are many.
template <class Here, bool kept>
struct Shared {
  Eight registers{};
  const float* shared;

  /// `memory` for `width` floats of all warps of a row; a barrier must follow.
  __device__ inline Shared(const float* given, const Here& place, int width, int threads,
                           int padded, float* memory)
      : shared(memory + place.column) {
    if constexpr (kept) {
      if (given) registers = widen(fetch(given, 0, 1, place.column, width));
    } else {
      for (int i = threadIdx.x; i < padded; i += threads) {
        memory[i] = given && i < width ? given[i] : 0.0f;
      }
    }
  }
  __device__ inline Eight of(int piece) const {
    if constexpr (kept) return registers;
    return widen(*reinterpret_cast<const Pack<float, kVector>*>(shared + piece * kWarpWidth));
  }
};

template <class X, class H, int warps, int pieces>
__global__ __launch_bounds__(Forward<X, H, warps, pieces>::kThreads,
                             kForwardBlocks) void forward(AddNormProblem problem, const X* x,
                                                          const H* branch, const float* branch_bias,
                                                          const float* gamma, const float* beta,
                                                          X* x_out, H* h, float* stats) {
  using F = Forward<X, H, warps, pieces>;
  constexpr int kPadded = warps * pieces * kWarpWidth, kDepth = F::kDepth;
  constexpr bool kept = warps * pieces == 1;
  __shared__ Two slots[2 * F::Here::kAll];
  alignas(16) __shared__ float memory[3][kept ? 1 : kPadded];
  char* const ahead = dynamic_shared<char>();
  Exchange<warps, true> exchange{slots};
  const typename F::Here place;
  const typename F::Xs xs{ahead};
  const typename F::Branches branches{ahead + F::Xs::kBytes};
  const int width = problem.width, column = place.column;
  const int64_t rows = problem.rows, step = problem.draw.step ? *problem.draw.step : 0;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * place.kRows;
  int64_t row = blockIdx.x * static_cast<int64_t>(place.kRows) + place.group;
  const auto start = [&](int slot, int64_t at) {
    xs.start(slot, x, at, rows, column, width);
    if (branch) branches.start(slot, branch, at, rows, column, width);
    copies_commit();
  };
#pragma unroll
  for (int i = 0; i < kDepth; ++i) start(i, row + i * stride);
  using Constants = Shared<typename F::Here, kept>;
  const Constants gammas(gamma, place, width, F::kThreads, kPadded, memory[0]),
      betas(beta, place, width, F::kThreads, kPadded, memory[1]),
      biases(branch_bias, place, width, F::kThreads, kPadded, memory[2]);
  __syncthreads();
  int slot = 0;
  // All warps take the same number of turns, since those of a row meet at barriers.
  for (int64_t base = row - place.group; base < rows; base += stride, row += stride) {
    copies_wait<kDepth - 1>();
    Eight values[pieces];
#pragma unroll
    for (int p = 0; p < pieces; ++p) {
      values[p] = xs.take(slot, p);
      if (!branch) continue;
      auto added = branches.take(slot, p);
      const Eight bias = biases.of(p);
      const int from = column + p * kWarpWidth;
#pragma unroll
      for (int i = 0; i < kVector; ++i) added.x[i] += bias.x[i];
      if (problem.draw.step) drop(problem.draw, step, row, from, width, added);
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
        // The norm sees what the stream keeps.
        values[p].x[i] = to_float(from_float<X>(values[p].x[i] + added.x[i]));
      }
      store(x_out, row, rows, from, width, values[p]);
    }
    start(slot, row + kDepth * stride);
    slot = slot + 1 == kDepth ? 0 : slot + 1;
    const auto [mean, inverse] = row_stats(problem, place, exchange, values);
#pragma unroll
    for (int p = 0; p < pieces; ++p) {
      const Eight scale = gammas.of(p), shift = betas.of(p);
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
        values[p].x[i] = (values[p].x[i] - mean) * inverse * scale.x[i] + shift.x[i];
      }
      store(h, row, rows, column + p * kWarpWidth, width, values[p]);
    }
    if (place.part == 0 && threadIdx.x % 32 == 0 && row < rows) {
      *reinterpret_cast<Two*>(stats + 2 * row) = Two{mean, inverse};
    }
  }
  copies_wait<0>();
}

template <class X, class H, int warps, int pieces>
__global__ __launch_bounds__(Backward<X, H, warps, pieces>::kThreads,
                             kBackwardBlocks) void backward(AddNormProblem problem, const X* x,
                                                            const float* stats, const float* gamma,
                                                            const X* dx_next, const H* dh, X* dx,
                                                            H* dbranch, float* parts, int sums) {
  using B = Backward<X, H, warps, pieces>;
  constexpr int kPadded = warps * pieces * kWarpWidth, kDepth = B::kDepth;
  constexpr bool kept = pieces == 1;
  __shared__ Two slots[2 * B::Here::kAll];
  alignas(16) __shared__ float memory[kept ? 1 : kPadded];
  char* const ahead = dynamic_shared<char>();
  Exchange<warps, true> exchange{slots};
  const typename B::Here place;
  const typename B::Xs xs{ahead}, dxs{ahead + B::Xs::kBytes};
  const typename B::Dhs dhs{ahead + 2 * B::Xs::kBytes};
  const int width = problem.width, column = place.column;
  const float share = 1.0f / static_cast<float>(width);
  const int64_t rows = problem.rows, step = problem.draw.step ? *problem.draw.step : 0;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * place.kRows;
  int64_t row = blockIdx.x * static_cast<int64_t>(place.kRows) + place.group;
  const auto start = [&](int slot, int64_t at) {
    xs.start(slot, x, at, rows, column, width);
    dhs.start(slot, dh, at, rows, column, width);
    if (dx_next) dxs.start(slot, dx_next, at, rows, column, width);
    copies_commit();
  };
#pragma unroll
  for (int i = 0; i < kDepth; ++i) start(i, row + i * stride);
  const Shared<typename B::Here, kept> gammas(gamma, place, width, B::kThreads, kPadded, memory);
  __syncthreads();
  Eight dgamma[pieces] = {}, dbeta[pieces] = {}, dbias[pieces] = {};
  const auto stats_of = [&](int64_t at) {
    return at < rows ? *reinterpret_cast<const Two*>(stats + 2 * at) : Two{0.0f, 0.0f};
  };
  Two next_stats = stats_of(row);
  int slot = 0;
  for (int64_t base = row - place.group; base < rows; base += stride, row += stride) {
    const float mean = next_stats.a, inverse = next_stats.b;
    next_stats = stats_of(row + stride);
    copies_wait<kDepth - 1>();
    Two mine{0.0f, 0.0f};
#pragma unroll
    for (int p = 0; p < pieces; ++p) {
      const auto values = xs.take(slot, p), given = dhs.take(slot, p);
      const Eight scale = gammas.of(p);
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
        // Outside the width it meets zeros alone.
        const float normed = (values.x[i] - mean) * inverse, d = given.x[i] * scale.x[i];
        mine.a += d;
        mine.b += d * normed;
        dgamma[p].x[i] += given.x[i] * normed;
        dbeta[p].x[i] += given.x[i];
      }
    }
    if (problem.centred) mine.a = warp_sum(mine.a);
    mine.b = warp_sum(mine.b);
    float sum = 0.0f, along = 0.0f;
    exchange.with_all(place, mine, [&](int, const Two& two) {
      sum += two.a;
      along += two.b;
    });
    sum = problem.centred ? sum * share : 0.0f;
    along *= share;
#pragma unroll
    for (int p = 0; p < pieces; ++p) {
      const auto values = xs.take(slot, p), given = dhs.take(slot, p);
      const Eight scale = gammas.of(p);
      auto out = dx_next ? dxs.take(slot, p) : Eight{};
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
        const float normed = (values.x[i] - mean) * inverse;
        out.x[i] += inverse * (given.x[i] * scale.x[i] - sum - normed * along);
      }
      const int from = column + p * kWarpWidth;
      store(dx, row, rows, from, width, out);
      if (problem.draw.step) drop(problem.draw, step, row, from, width, out);
      if (dbranch) store(dbranch, row, rows, from, width, out);
#pragma unroll
      for (int i = 0; i < kVector; ++i) dbias[p].x[i] += out.x[i];
    }
    start(slot, row + kDepth * stride);
    slot = slot + 1 == kDepth ? 0 : slot + 1;
  }
  copies_wait<0>();
  float* const shared = dynamic_shared<float>();
  // Row after row of the block: a fixed order.
  const auto write = [&](const Eight(&mine)[pieces], int which) {
    __syncthreads();
#pragma unroll
    for (int p = 0; p < pieces; ++p) {
      Pack<float, kVector> pack;
#pragma unroll
      for (int i = 0; i < kVector; ++i) pack.x[i] = mine[p].x[i];
      *reinterpret_cast<Pack<float, kVector>*>(shared + place.group * kPadded + column +
                                               p * kWarpWidth) = pack;
    }
    __syncthreads();
    float* const to = parts + (static_cast<int64_t>(which) * gridDim.x + blockIdx.x) * width;
    for (int i = threadIdx.x; i < width; i += B::kThreads) {
      float sum = 0.0f;
#pragma unroll
      for (int group = 0; group < place.kRows; ++group) sum += shared[group * kPadded + i];
      to[i] = sum;
    }
  };
  int set = 0;
  write(dgamma, set++);
  if (problem.centred) write(dbeta, set++);
  if (set < sums) write(dbias, set);
}

/// The warps of a row and the pieces of each, for a width.
constexpr int pieces_of(int64_t width) { return width > kWarpWidth ? kMostPieces : 1; }
constexpr int row_warps(int64_t width) { return warps_of(width) / pieces_of(width); }

template <class F>
int with_shape(int width, const F& f) {
  using std::integral_constant;
  constexpr int kWide = kMostPieces;
  const int warps = warps_of(width);
  if (warps == 1) return f(integral_constant<int, 1>{}, integral_constant<int, 1>{});
  if (warps == 2) return f(integral_constant<int, 2 / kWide>{}, integral_constant<int, kWide>{});
  return f(integral_constant<int, 4 / kWide>{}, integral_constant<int, kWide>{});
}

/// Blocks for all rows, `most` a multiprocessor of the largest GPUs at a time.
int64_t blocks_for(const AddNormProblem& problem, int threads, int64_t most) {
  const int warps = row_warps(problem.width);
  const int64_t held = threads < 32 * warps ? 1 : threads / 32 / warps;
  const int64_t wanted = (problem.rows + held - 1) / held;
  return wanted < 132 * most ? wanted : 132 * most;
}

}  // namespace

bool can_add_norm(int64_t width) { return width > 0 && width % kVector == 0 && width <= 1024; }

int64_t add_norm_blocks(const AddNormProblem& problem) {
  return blocks_for(problem, kBackwardThreads, kBackwardBlocks);
}

int add_norm_forward(const AddNormProblem& problem, const void* x, const void* branch,
                     const float* branch_bias, const float* gamma, const float* beta, void* x_out,
                     void* h, float* stats, void* stream) {
  if (problem.rows == 0) return 0;
  const auto blocks = static_cast<unsigned>(blocks_for(problem, kForwardThreads, kForwardBlocks));
  return with_types(problem, [&](auto x_type, auto h_type) {
    using X = decltype(x_type);
    using H = decltype(h_type);
    return with_shape(problem.width, [&](auto warps, auto pieces) {
      using F = Forward<X, H, warps.value, pieces.value>;
      launch(forward<X, H, warps.value, pieces.value>, blocks, F::kThreads, F::kBytes,
             static_cast<cudaStream_t>(stream), problem, static_cast<const X*>(x),
             static_cast<const H*>(branch), branch_bias, gamma, beta, static_cast<X*>(x_out),
             static_cast<H*>(h), stats);
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
    return with_shape(problem.width, [&](auto warps, auto pieces) {
      using B = Backward<X, H, warps.value, pieces.value>;
      launch(backward<X, H, warps.value, pieces.value>, blocks, B::kThreads, B::kBytes, on, problem,
             static_cast<const X*>(x_out), stats, gamma, static_cast<const X*>(dx_next),
             static_cast<const H*>(dh), static_cast<X*>(dx), static_cast<H*>(dbranch), scratch,
             count);
      launch_sum_parts(scratch, static_cast<int>(blocks), problem.width, sums, on);
      return static_cast<int>(cudaGetLastError());
    });
  });
}

}  // namespace regard::kernels::cuda
