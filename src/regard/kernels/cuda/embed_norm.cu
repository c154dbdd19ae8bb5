// A row is read once and written twice, as x and as h.
#include "regard/kernels/cuda/embed_norm.hpp"

#include "regard/kernels/cuda/add_norm-device.cuh"
#include "regard/kernels/cuda/cluster.cuh"
#include "regard/kernels/cuda/order.cuh"

namespace regard::kernels::cuda {
namespace {

using namespace norm;

// Blocks of a multiprocessor, and rows that each thread has on their way.
constexpr int kBlocks = 3, kDepth = 4;

/// Rows of fp32 on their way into shared memory. Neighbouring lanes copy neighbouring pieces of 16
/// bytes, so that no sector is asked for twice; a lane reads the two pieces of its columns, which
/// others of its warp have copied.
struct Rows {
  static constexpr int kBytes = kDepth * kThreads * kVector * 4;
  char* memory;

  __device__ inline char* at(int slot, int piece) const {
    const int warp = static_cast<int>(threadIdx.x / 32);
    return memory + (((slot * 2 + piece % 2) * kWarps + warp) * 32 + piece / 2) * 16;
  }
  __device__ inline void start(int slot, const float* row, bool on, int first, int width) const {
#pragma unroll
    for (int part = 0; part < 2; ++part) {
      const int piece = part * 32 + static_cast<int>(threadIdx.x % 32);
      const bool inside = on && first + piece * 4 < width;
      copy_async_cached(at(slot, piece), inside ? row + first + piece * 4 : row, inside);
    }
  }
  __device__ inline Eight take(int slot) const {
    Eight out;
#pragma unroll
    for (int part = 0; part < 2; ++part) {
      const int piece = static_cast<int>(threadIdx.x % 32) * 2 + part;
      const auto pack = *reinterpret_cast<const Pack<float, 4>*>(at(slot, piece));
#pragma unroll
      for (int i = 0; i < 4; ++i) out.x[part * 4 + i] = pack.x[i];
    }
    return out;
  }
};

template <class X>
__device__ inline void round_to(Eight& values) {
#pragma unroll
  for (int i = 0; i < kVector; ++i) values.x[i] = to_float(from_float<X>(values.x[i]));
}

/// Turn n takes sequence n % batch at position n / batch, so that the rows of one position come
/// together and its positions are read from memory once. Kept up by sums: a quotient would cost
/// more than the row.
struct Turn {
  int64_t n, t, b;

  __device__ inline Turn(int64_t n, int64_t batch) : n(n), t(n / batch), b(n % batch) {}
  __device__ inline void advance(const Turn& by, int64_t batch) {
    n += by.n;
    t += by.t;
    b += by.b;
    if (b >= batch) {
      b -= batch;
      ++t;
    }
  }
};

/// The product stands by itself: one fused with the norm's sums would have other bits than x in
/// memory.
__device__ inline void drop_alone(const DropoutDraw& draw, int64_t step, int64_t row, int column,
                                  int width, Eight& values) {
  const int64_t block = (row * width + column) / 4;
  float factors[kVector];
  dropout_factors(draw, step, block, factors);
  dropout_factors(draw, step, block + 1, factors + 4);
#pragma unroll
  for (int i = 0; i < kVector; ++i) values.x[i] = __fmul_rn(values.x[i], factors[i]);
}

template <class X, class H, int warps>
__global__ __launch_bounds__(kThreads,
                             kBlocks) void embed_rows(AddNormProblem problem, EmbeddedRows from,
                                                      const float* gamma, const float* beta, X* x,
                                                      H* h, float* stats) {
  __shared__ Two slots[2 * kWarps];
  alignas(16) __shared__ float memory[2][warps == 1 ? 1 : warps * kWarpWidth];
  char* const ahead = dynamic_shared<char>();
  Exchange<warps, true> exchange{slots};
  const Place<warps> place;
  const Rows positions{ahead};
  const int width = problem.width, column = place.column;
  const int64_t rows = problem.rows, step = problem.draw.step ? *problem.draw.step : 0;
  const int64_t length = from.length, batch = rows / length;
  const Turn stride(static_cast<int64_t>(gridDim.x) * place.kRows, batch);
  Turn now(blockIdx.x * static_cast<int64_t>(place.kRows) + place.group, batch), next = now;
  const auto row_of = [&](const Turn& turn) {
    return turn.n < rows ? from_last(turn.b * length + turn.t, rows) : rows;
  };
  // Each lane has the id of one of the next 32 turns: one by one they would cost a turn the latency
  // of memory.
  const int lane = static_cast<int>(threadIdx.x % 32);
  const auto ids_from = [&](int64_t n) {
    const int64_t row = row_of(Turn(n + lane * stride.n, batch));
    return row < rows ? static_cast<int>(from.ids[row]) : static_cast<int>(from.table_rows);
  };
  int ids = ids_from(now.n), turn = 0;
  // Positions come from memory by copies ahead. The table is small and read over and over: its rows
  // come through the L1 cache, two rows ahead in registers.
  const auto start = [&](int slot) {
    if (from.positions) {
      positions.start(slot, from.positions + from_last(next.t, length) * width, next.n < rows,
                      place.part * kWarpWidth, width);
    }
    copies_commit();
    next.advance(stride, batch);
  };
#pragma unroll
  for (int i = 0; i < kDepth; ++i) start(i);
  const Constants<warps> gammas(gamma, place, width, memory[0]),
      betas(beta, place, width, memory[1]);
  __syncthreads();
  const auto entry_of = [&](int of) {
    return fetch(from.table, __shfl_sync(~0u, ids, of), from.table_rows, column, width);
  };
  Pack<float, kVector> entries[2] = {entry_of(0), entry_of(1)};
  int slot = 0;
  // All warps take the same number of turns, since those of a row meet at barriers.
  int64_t base = now.n - place.group;
  const auto take_turn = [&](Pack<float, kVector>& entry) {
    if (base >= rows) return;
    Eight values = widen(entry);
    if (++turn == 31) {  // of the next 32 the first is two turns away
      turn = -1;
      ids = ids_from(now.n + 2 * stride.n);
    }
    entry = entry_of(turn + 1);
    copies_wait<kDepth - 1>();
    __syncwarp();
    if (from.positions) {
      const Eight added = positions.take(slot);
#pragma unroll
      for (int i = 0; i < kVector; ++i) values.x[i] += added.x[i];
    }
    const int64_t row = row_of(now);
    // The norm sees what the stream keeps.
    round_to<X>(values);
    if (problem.draw.step) {
      drop_alone(problem.draw, step, row, column, width, values);
      round_to<X>(values);
    }
    store(x, row, rows, column, width, values);
    __syncwarp();
    start(slot);
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
    now.advance(stride, batch);
    base += stride.n;
  };
  while (base < rows) {
    take_turn(entries[0]);
    take_turn(entries[1]);
  }
  copies_wait<0>();
}

}  // namespace

int embed_norm_forward(const AddNormProblem& problem, const EmbeddedRows& from, const float* gamma,
                       const float* beta, void* x, void* h, float* stats, void* stream) {
  if (problem.rows == 0) return 0;
  if (from.length < 1 || problem.rows % from.length != 0) {
    return static_cast<int>(cudaErrorInvalidValue);
  }
  const int64_t held = kWarps / warps_of(problem.width);
  const int64_t wanted = (problem.rows + held - 1) / held;
  const auto blocks = static_cast<unsigned>(wanted < 132 * kBlocks ? wanted : 132 * kBlocks);
  return with_types(problem, [&](auto x_type, auto h_type) {
    using X = decltype(x_type);
    using H = decltype(h_type);
    return with_warps(problem.width, [&](auto warps) {
      launch(embed_rows<X, H, warps.value>, blocks, kThreads, Rows::kBytes,
             static_cast<cudaStream_t>(stream), problem, from, gamma, beta, static_cast<X*>(x),
             static_cast<H*>(h), stats);
      return static_cast<int>(cudaGetLastError());
    });
  });
}

}  // namespace regard::kernels::cuda
