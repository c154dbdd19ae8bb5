// A row is read once and written once.
#include "regard/kernels/cuda/add_norm.hpp"

#include "regard/kernels/cuda/add_norm-ahead.cuh"
#include "regard/kernels/cuda/order.cuh"
#include "regard/kernels/cuda/sum-parts.cuh"

namespace regard::kernels::cuda {
namespace {

using namespace norm;

// Blocks of a multiprocessor, and bytes of rows on their way for each thread.
constexpr int kForwardBlocks = 3, kForwardBudget = 128;
constexpr int kBackwardBlocks = 2, kBackwardBudget = 144;

template <class X, class H>
struct Forward {
  static constexpr int kDepth = depth_of(kForwardBudget, kVector*(sizeof(X) + sizeof(H)));
  using Xs = Ahead<X, kDepth>;
  using Branches = Ahead<H, kDepth>;
  static constexpr int kBytes = Xs::kBytes + Branches::kBytes;
};

template <class X, class H>
struct Backward {
  static constexpr int kDepth = depth_of(kBackwardBudget, kVector*(2 * sizeof(X) + sizeof(H)));
  using Xs = Ahead<X, kDepth>;
  using Dhs = Ahead<H, kDepth>;
  static constexpr int kBytes = 2 * Xs::kBytes + Dhs::kBytes;
  static_assert(kBytes >= kThreads * kVector * 4, "the sums of the block use it too");
};

template <class X, class H, int warps>
__global__ __launch_bounds__(kThreads,
                             kForwardBlocks) void forward(AddNormProblem problem, const X* x,
                                                          const H* branch, const float* branch_bias,
                                                          const float* gamma, const float* beta,
                                                          X* x_out, H* h, float* stats) {
  using F = Forward<X, H>;
  constexpr int kDepth = F::kDepth;
  __shared__ Two slots[2 * kWarps];
  alignas(16) __shared__ float memory[3][warps == 1 ? 1 : warps * kWarpWidth];
  char* const ahead = dynamic_shared<char>();
  Exchange<warps, true> exchange{slots};
  const Place<warps> place;
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
  const Constants<warps> gammas(gamma, place, width, memory[0]),
      betas(beta, place, width, memory[1]), biases(branch_bias, place, width, memory[2]);
  __syncthreads();
  int slot = 0;
  // All warps take the same number of turns, since those of a row meet at barriers.
  for (int64_t base = row - place.group; base < rows; base += stride, row += stride) {
    copies_wait<kDepth - 1>();
    Eight values = xs.take(slot);
    if (branch) {
      Eight added = branches.take(slot);
      const Eight bias = biases.all();
#pragma unroll
      for (int i = 0; i < kVector; ++i) added.x[i] += bias.x[i];
      if (problem.draw.step) drop(problem.draw, step, row, column, width, added);
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
        // The norm sees what the stream keeps.
        values.x[i] = to_float(from_float<X>(values.x[i] + added.x[i]));
      }
      store(x_out, row, rows, column, width, values);
    }
    start(slot, row + kDepth * stride);
    slot = slot + 1 == kDepth ? 0 : slot + 1;
    const auto [mean, inverse] = row_stats(problem, place, exchange, values);
    const Eight scale = gammas.all(), shift = betas.all();
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      values.x[i] = (values.x[i] - mean) * inverse * scale.x[i] + shift.x[i];
    }
    store(h, row, rows, column, width, values);
    if (place.part == 0 && threadIdx.x % 32 == 0 && row < rows) {
      *reinterpret_cast<Two*>(stats + 2 * row) = Two{mean, inverse};
    }
  }
  copies_wait<0>();
}

template <class X, class H, int warps>
__global__ __launch_bounds__(kThreads,
                             kBackwardBlocks) void backward(AddNormProblem problem, const X* x,
                                                            const float* stats, const float* gamma,
                                                            const X* dx_next, const H* dh, X* dx,
                                                            H* dbranch, float* parts, int sums) {
  using B = Backward<X, H>;
  constexpr int kPadded = warps * kWarpWidth, kDepth = B::kDepth;
  __shared__ Two slots[2 * kWarps];
  char* const ahead = dynamic_shared<char>();
  Exchange<warps, true> exchange{slots};
  const Place<warps> place;
  const typename B::Xs xs{ahead}, dxs{ahead + B::Xs::kBytes};
  const typename B::Dhs dhs{ahead + 2 * B::Xs::kBytes};
  const int width = problem.width, column = place.column;
  const float share = 1.0f / static_cast<float>(width);
  const int64_t rows = problem.rows, step = problem.draw.step ? *problem.draw.step : 0;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * place.kRows;
  int64_t row = blockIdx.x * static_cast<int64_t>(place.kRows) + place.group;
  const auto start = [&](int slot, int64_t at) {
    at = from_last(at, rows);
    xs.start(slot, x, at, rows, column, width);
    dhs.start(slot, dh, at, rows, column, width);
    if (dx_next) dxs.start(slot, dx_next, at, rows, column, width);
    copies_commit();
  };
#pragma unroll
  for (int i = 0; i < kDepth; ++i) start(i, row + i * stride);
  const Eight scale = widen(fetch(gamma, 0, 1, column, width));
  Eight dgamma{}, dbeta{}, dbias{};
  const auto stats_of = [&](int64_t at) {
    return at < rows ? *reinterpret_cast<const Two*>(stats + 2 * from_last(at, rows))
                     : Two{0.0f, 0.0f};
  };
  Two next_stats = stats_of(row);
  int slot = 0;
  for (int64_t base = row - place.group; base < rows; base += stride, row += stride) {
    const int64_t place_of_row = from_last(row, rows);
    const float mean = next_stats.a, inverse = next_stats.b;
    next_stats = stats_of(row + stride);
    copies_wait<kDepth - 1>();
    Eight values = xs.take(slot);
    const Eight given = dhs.take(slot);
    Two mine{0.0f, 0.0f};
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      values.x[i] = (values.x[i] - mean) * inverse;  // outside the width it meets zeros alone
      const float d = given.x[i] * scale.x[i];
      mine.a += d;
      mine.b += d * values.x[i];
      dgamma.x[i] += given.x[i] * values.x[i];
      dbeta.x[i] += given.x[i];
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
    Eight out = dx_next ? dxs.take(slot) : Eight{};
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      out.x[i] += inverse * (given.x[i] * scale.x[i] - sum - values.x[i] * along);
    }
    store(dx, place_of_row, rows, column, width, out);
    if (problem.draw.step) drop(problem.draw, step, place_of_row, column, width, out);
    if (dbranch) store(dbranch, place_of_row, rows, column, width, out);
#pragma unroll
    for (int i = 0; i < kVector; ++i) dbias.x[i] += out.x[i];
    start(slot, row + kDepth * stride);
    slot = slot + 1 == kDepth ? 0 : slot + 1;
  }
  copies_wait<0>();
  float* const shared = dynamic_shared<float>();
  // Row after row of the block: a fixed order.
  const auto write = [&](const Eight& mine, int which) {
    __syncthreads();
    Pack<float, kVector> pack;
#pragma unroll
    for (int i = 0; i < kVector; ++i) pack.x[i] = mine.x[i];
    *reinterpret_cast<Pack<float, kVector>*>(shared + place.group * kPadded + column) = pack;
    __syncthreads();
    float* const to = parts + (static_cast<int64_t>(which) * gridDim.x + blockIdx.x) * width;
    for (int i = threadIdx.x; i < width; i += kThreads) {
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

/// Blocks for all rows, `most` a multiprocessor of the largest GPUs at a time.
int64_t blocks_for(const AddNormProblem& problem, int64_t most) {
  const int64_t held = kWarps / warps_of(problem.width);
  const int64_t wanted = (problem.rows + held - 1) / held;
  return wanted < 132 * most ? wanted : 132 * most;
}

}  // namespace

bool can_add_norm(int64_t width) { return width > 0 && width % kVector == 0 && width <= 1024; }

int64_t add_norm_blocks(const AddNormProblem& problem) {
  return blocks_for(problem, kBackwardBlocks);
}

int add_norm_forward(const AddNormProblem& problem, const void* x, const void* branch,
                     const float* branch_bias, const float* gamma, const float* beta, void* x_out,
                     void* h, float* stats, void* stream) {
  if (problem.rows == 0) return 0;
  const auto blocks = static_cast<unsigned>(blocks_for(problem, kForwardBlocks));
  return with_types(problem, [&](auto x_type, auto h_type) {
    using X = decltype(x_type);
    using H = decltype(h_type);
    return with_warps(problem.width, [&](auto warps) {
      launch(forward<X, H, warps.value>, blocks, kThreads, Forward<X, H>::kBytes,
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
    return with_warps(problem.width, [&](auto warps) {
      launch(backward<X, H, warps.value>, blocks, kThreads, Backward<X, H>::kBytes, on, problem,
             static_cast<const X*>(x_out), stats, gamma, static_cast<const X*>(dx_next),
             static_cast<const H*>(dh), static_cast<X*>(dx), static_cast<H*>(dbranch), scratch,
             count);
      launch_sum_parts(scratch, static_cast<int>(blocks), problem.width, sums, on);
      return static_cast<int>(cudaGetLastError());
    });
  });
}

}  // namespace regard::kernels::cuda
