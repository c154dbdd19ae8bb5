// A block takes some rows of one sequence, so that what the sequence decides stays in registers: in
// the forward the sum of normed rows, in the backward the gradient that all its tokens share. Rows
// behind the length are never read.
#include "regard/kernels/cuda/add_norm_mean.hpp"

#include "regard/kernels/cuda/add_norm-device.cuh"
#include "regard/kernels/cuda/order.cuh"

namespace regard::kernels::cuda {
namespace {

using namespace norm;

constexpr int64_t kMostRows = 1 << 30;  // of a sequence: they are counted by int
// Blocks of a multiprocessor: 64 registers a thread, and at most one of them spilled.
constexpr int kResident = 4;
constexpr int64_t kBlocks = 132 * kResident;  // what the largest GPUs hold at a time
constexpr int kFinishColumns = 32, kFinishTurns = kThreads / kFinishColumns;

/// Each sequence as `runs` units of rows: unit u holds every runs-th group of rows of sequence u /
/// runs.
struct Split {
  int64_t batch, time;
  const int64_t* lengths;
  int64_t runs;

  __host__ __device__ inline int64_t units() const { return batch * runs; }
  __device__ inline int64_t length(int64_t b) const {
    return lengths ? max(int64_t{0}, min(lengths[b], time)) : time;
  }
};

/// A thread's rows of one unit, counted from the start of its sequence.
template <int warps>
struct Unit {
  int64_t b, before;  // before: rows of the sequences in front
  int length, first, stride;

  __device__ inline Unit(const Split& split, int64_t unit, const Place<warps>& place)
      : b(unit / split.runs),
        before(b * split.time),
        length(static_cast<int>(split.length(b))),
        first(static_cast<int>(unit % split.runs) * place.kRows + place.group),
        stride(static_cast<int>(split.runs) * place.kRows) {}
};

/// to[c] = sum of what the block's groups of warps hold for column c, in the order of groups;
/// `shared` for kWarps kWarpWidth floats.
template <int warps>
__device__ inline void sum_groups(const Place<warps>& place, const Eight& mine, int width,
                                  float* shared, float* to) {
  Pack<float, kVector> pack;
#pragma unroll
  for (int i = 0; i < kVector; ++i) pack.x[i] = mine.x[i];
  constexpr int kRow = warps * kWarpWidth;
  *reinterpret_cast<Pack<float, kVector>*>(shared + place.group * kRow + place.column) = pack;
  __syncthreads();
  for (int i = threadIdx.x; i < width; i += kThreads) {
    float sum = 0.0f;
#pragma unroll
    for (int group = 0; group < place.kRows; ++group) sum += shared[group * kRow + i];
    to[i] = sum;
  }
}

template <class X, class H, int warps>
__global__ __launch_bounds__(kThreads,
                             kResident) void sum_normed(AddNormProblem problem, Split split,
                                                        const X* x, const H* branch,
                                                        const float* branch_bias, X* x_out,
                                                        float* stats, float* parts) {
  __shared__ Two slots[2 * kWarps];
  alignas(16) __shared__ float memory[warps == 1 ? 1 : warps * kWarpWidth];
  alignas(16) __shared__ float sums[kWarps * kWarpWidth];
  Exchange<warps> exchange{slots};
  const Place<warps> place;
  const Unit<warps> unit(split, blockIdx.x, place);
  const int width = problem.width, column = place.column;
  const int length = unit.length;
  const int64_t step = problem.draw.step ? *problem.draw.step : 0;
  const Constants<warps> biases(branch_bias, place, width, memory);
  __syncthreads();
  x += unit.before * width;
  x_out += unit.before * width;
  stats += unit.before * 2;
  if (branch) branch += unit.before * width;
  Eight sum{};
  auto next_x = fetch(x, from_last(unit.first, length), length, column, width);
  Pack<H, kVector> next_branch{};
  if (branch) next_branch = fetch(branch, from_last(unit.first, length), length, column, width);
  // All warps take the same number of turns, since they meet at barriers.
  int row = unit.first;
  for (int base = row - place.group; base < length; base += unit.stride, row += unit.stride) {
    auto values = widen(next_x);
    auto added = widen(next_branch);
    const int next = from_last(row + unit.stride, length), now = from_last(row, length);
    next_x = fetch(x, next, length, column, width);
    if (branch) {
      next_branch = fetch(branch, next, length, column, width);
      const Eight bias = biases.all();
#pragma unroll
      for (int i = 0; i < kVector; ++i) added.x[i] += bias.x[i];
      if (problem.draw.step) drop(problem.draw, step, unit.before + now, column, width, added);
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
        // The norm sees what the stream keeps.
        values.x[i] = to_float(from_float<X>(values.x[i] + added.x[i]));
      }
      store(x_out, now, length, column, width, values);
    }
    const auto [mean, inverse] = row_stats(problem, place, exchange, values);
    if (row >= length) continue;
#pragma unroll
    for (int i = 0; i < kVector; ++i) sum.x[i] += (values.x[i] - mean) * inverse;
    if (place.part == 0 && threadIdx.x % 32 == 0) {
      stats[2 * now] = mean;
      stats[2 * now + 1] = inverse;
    }
  }
  sum_groups(place, sum, width, sums, parts + blockIdx.x * static_cast<int64_t>(width));
}

/// sum_{i < count} value(i), of a column that kFinishTurns threads share, in a fixed order; whole
/// in the first of them.
template <class Value>
__device__ inline float column_sum(int64_t count, const Value& value) {
  __shared__ float shared[kThreads];
  const int lane = threadIdx.x % kFinishColumns, turn = threadIdx.x / kFinishColumns;
  float sum = 0.0f;
#pragma unroll 8
  for (int64_t i = turn; i < count; i += kFinishTurns) sum += value(i);
  shared[threadIdx.x] = sum;
  __syncthreads();
  for (int i = 1; turn == 0 && i < kFinishTurns; ++i) sum += shared[i * kFinishColumns + lane];
  return sum;
}

__global__ __launch_bounds__(kThreads) void finish_pooled(int width, int tiles, Split split,
                                                          const float* parts, const float* gamma,
                                                          const float* beta, float* centre,
                                                          float* pooled) {
  const int column = static_cast<int>(blockIdx.x) % tiles * kFinishColumns +
                     static_cast<int>(threadIdx.x) % kFinishColumns;
  const int64_t b = blockIdx.x / tiles, at = b * width + column, length = split.length(b);
  const float sum = column_sum(column < width ? split.runs : 0, [&](int64_t run) {
    return parts[(b * split.runs + run) * width + column];
  });
  if (threadIdx.x >= kFinishColumns || column >= width) return;
  const float mean = length > 0 ? sum / static_cast<float>(length) : 0.0f;
  centre[at] = mean;
  pooled[at] = length > 0 ? mean * gamma[column] + (beta ? beta[column] : 0.0f) : 0.0f;
}

template <class X, class H, int warps>
__global__ __launch_bounds__(kThreads,
                             kResident) void backward_rows(AddNormProblem problem, Split split,
                                                           const X* x, const float* stats,
                                                           const float* gamma, const float* dpooled,
                                                           X* dx, H* dbranch, float* parts) {
  __shared__ Two slots[2 * kWarps];
  alignas(16) __shared__ float sums[kWarps * kWarpWidth];
  Exchange<warps> exchange{slots};
  const Place<warps> place;
  const int width = problem.width, column = place.column;
  const float share = 1.0f / static_cast<float>(width);
  const int64_t step = problem.draw.step ? *problem.draw.step : 0;
  Eight dbias{};
  const Two nothing{0.0f, 0.0f};
  for (int64_t u = blockIdx.x; u < split.units(); u += gridDim.x) {
    const Unit<warps> unit(split, u, place);
    const int length = unit.length;
    const X* const from = x + unit.before * width;
    const float* const stats_from = stats + unit.before * 2;
    // Gradient at the normed row before gamma and beta, and its mean: the same for all tokens.
    auto given = widen(fetch(dpooled, unit.b, split.batch, column, width));
    const auto scale = widen(fetch(gamma, 0, 1, column, width));
    const float inverse_length = length > 0 ? 1.0f / static_cast<float>(length) : 0.0f;
    Two mine{0.0f, 0.0f};
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      given.x[i] *= inverse_length * scale.x[i];
      mine.a += given.x[i];
    }
    float sum = 0.0f;
    if (problem.centred) {
      mine.a = warp_sum(mine.a);
      exchange.with_all(place, mine, [&](int, const Two& two) { sum += two.a; });
      sum *= share;
    }
    const auto stats_of = [&](int at) {
      return at < length ? *reinterpret_cast<const Two*>(stats_from + 2 * at) : nothing;
    };
    int row = unit.first;
    auto next_x = fetch(from, row, length, column, width);
    Two next_stats = stats_of(row);
    for (int base = row - place.group; base < length; base += unit.stride, row += unit.stride) {
      auto values = widen(next_x);
      const float mean = next_stats.a, inverse = next_stats.b;
      next_stats = stats_of(row + unit.stride);
      next_x = fetch(from, row + unit.stride, length, column, width);
      mine.b = 0.0f;
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
        values.x[i] = (values.x[i] - mean) * inverse;  // outside the width it meets zeros alone
        mine.b += given.x[i] * values.x[i];
      }
      mine.b = warp_sum(mine.b);
      float along = 0.0f;
      exchange.with_all(place, mine, [&](int, const Two& two) { along += two.b; });
      along *= share;
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
        values.x[i] = inverse * (given.x[i] - sum - values.x[i] * along);
      }
      store(dx + unit.before * width, row, length, column, width, values);
      if (problem.draw.step) drop(problem.draw, step, unit.before + row, column, width, values);
      if (dbranch) store(dbranch + unit.before * width, row, length, column, width, values);
#pragma unroll
      for (int i = 0; i < kVector; ++i) dbias.x[i] += values.x[i];  // 0 behind the length
    }
    for (row = length + unit.first; row < split.time; row += unit.stride) {
      store(dx + unit.before * width, row, split.time, column, width, Eight{});
      if (dbranch) {
        store(dbranch + unit.before * width, row, split.time, column, width, Eight{});
      }
    }
  }
  if (parts) {
    sum_groups(place, dbias, width, sums, parts + blockIdx.x * static_cast<int64_t>(width));
  }
}

/// Row 0 of the grid: dgamma; 1: dbeta; 2: the sum of what `blocks` blocks left.
__global__ __launch_bounds__(kThreads) void finish_gradients(
    int width, Split split, const float* centre, const float* dpooled, const float* parts,
    int64_t blocks, float* dgamma, float* dbeta, float* dbias) {
  float* const to = blockIdx.y == 0 ? dgamma : blockIdx.y == 1 ? dbeta : dbias;
  if (!to) return;
  const int column = static_cast<int>(blockIdx.x) * kFinishColumns +
                     static_cast<int>(threadIdx.x) % kFinishColumns;
  const int64_t count = column >= width ? 0 : blockIdx.y == 2 ? blocks : split.batch;
  const float sum = column_sum(count, [&](int64_t i) {
    const int64_t at = i * width + column;
    if (blockIdx.y == 2) return parts[at];
    if (split.length(i) == 0) return 0.0f;
    return blockIdx.y == 0 ? dpooled[at] * centre[at] : dpooled[at];
  });
  if (threadIdx.x < kFinishColumns && column < width) to[column] = sum;
}

/// About kBlocks units, with 4 to 64 rows for each group of warps.
Split split_of(const AddNormProblem& problem, const Sequences& sequences) {
  const int64_t held = kWarps / warps_of(problem.width), time = problem.rows / sequences.batch;
  const int64_t groups = (time + held - 1) / held, wanted = kBlocks / sequences.batch;
  const int64_t least = (groups + 63) / 64, most = (groups + 3) / 4;
  const int64_t runs = wanted < least ? least : wanted < most ? wanted : most;
  return {sequences.batch, time, sequences.lengths, runs};
}

int64_t backward_blocks(const Split& split) {
  return split.units() < kBlocks ? split.units() : kBlocks;
}

int tiles_of(int width) { return (width + kFinishColumns - 1) / kFinishColumns; }

bool takes(const AddNormProblem& problem, const Sequences& sequences) {
  return can_add_norm(problem.width) && problem.rows > 0 && sequences.batch > 0 &&
         problem.rows % sequences.batch == 0 && problem.rows / sequences.batch <= kMostRows;
}

}  // namespace

int64_t add_norm_mean_scratch(const AddNormProblem& problem, const Sequences& sequences) {
  return split_of(problem, sequences).units() * problem.width;
}

int add_norm_mean_forward(const AddNormProblem& problem, const Sequences& sequences, const void* x,
                          const void* branch, const float* branch_bias, const float* gamma,
                          const float* beta, void* x_out, float* stats, float* centre,
                          float* pooled, float* scratch, void* stream) {
  if (!takes(problem, sequences)) return static_cast<int>(cudaErrorInvalidValue);
  const auto split = split_of(problem, sequences);
  const auto on = static_cast<cudaStream_t>(stream);
  const int tiles = tiles_of(problem.width);
  return with_types(problem, [&](auto x_type, auto h_type) {
    using X = decltype(x_type);
    using H = decltype(h_type);
    return with_warps(problem.width, [&](auto warps) {
      launch(sum_normed<X, H, warps.value>, dim3(static_cast<unsigned>(split.units())), kThreads, 0,
             on, problem, split, static_cast<const X*>(x), static_cast<const H*>(branch),
             branch_bias, static_cast<X*>(x_out), stats, scratch);
      launch(finish_pooled, dim3(static_cast<unsigned>(split.batch * tiles)), kThreads, 0, on,
             problem.width, tiles, split, scratch, gamma, beta, centre, pooled);
      return static_cast<int>(cudaGetLastError());
    });
  });
}

int add_norm_mean_backward(const AddNormProblem& problem, const Sequences& sequences,
                           const void* x_out, const float* stats, const float* gamma,
                           const float* centre, const float* dpooled, void* dx, void* dbranch,
                           float* dgamma, float* dbeta, float* dbranch_bias, float* scratch,
                           void* stream) {
  if (!takes(problem, sequences)) return static_cast<int>(cudaErrorInvalidValue);
  const auto split = split_of(problem, sequences);
  const auto blocks = backward_blocks(split);
  const auto on = static_cast<cudaStream_t>(stream);
  return with_types(problem, [&](auto x_type, auto h_type) {
    using X = decltype(x_type);
    using H = decltype(h_type);
    return with_warps(problem.width, [&](auto warps) {
      launch(backward_rows<X, H, warps.value>, dim3(static_cast<unsigned>(blocks)), kThreads, 0, on,
             problem, split, static_cast<const X*>(x_out), stats, gamma, dpooled,
             static_cast<X*>(dx), static_cast<H*>(dbranch), dbranch_bias ? scratch : nullptr);
      launch(finish_gradients,
             dim3(static_cast<unsigned>(tiles_of(problem.width)), dbranch_bias ? 3 : 2), kThreads,
             0, on, problem.width, split, centre, dpooled, scratch, blocks, dgamma, dbeta,
             dbranch_bias);
      return static_cast<int>(cudaGetLastError());
    });
  });
}

}  // namespace regard::kernels::cuda
