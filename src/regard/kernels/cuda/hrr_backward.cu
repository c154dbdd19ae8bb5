// Backward by the closed form. Pass 1 reads Q, V, G: dS is affine in R = sum_t w_t r_t, so the sums
// with and without r_t and R itself come from one reading. Pass 2 reads Q, K, V, G and writes dQ,
// dK, dV. With r_t = m <g_t, v_t>:
//
//   alpha_t = w_t (r_t - R);  dz_t = alpha_t (v_t / (|v||z|) - a z_t / |z|^2);  dq_t = conj(dz_t) o
//   S'
//   dS = lambda sum_t q_t o dz_t;  dk_t = conj(v_t) o dS
//   dv_t = m w_t g_t + alpha_t (z_t / (|v||z|) - a v_t / |v|^2) + conj(k_t) o dS
#include "regard/kernels/cuda/hrr-ahead.cuh"
#include "regard/kernels/cuda/hrr_causal.hpp"
#include "regard/kernels/cuda/hrr_resident.hpp"
#include "regard/kernels/cuda/sum-parts.cuh"

namespace regard::kernels::cuda {
namespace {

/// Registers for as many blocks on a multiprocessor where rows wait in shared memory, else whatever
/// it takes.
template <class L>
constexpr int kSumsBlocks = kHasVectors<L> ? 3 : 1;
constexpr int kBackwardTurns = 2;

template <class T, class L>
constexpr std::size_t kSumsBytes = at_least(3 * NextRows<T, L, kBackwardTurns>::kBytes,
                                            kBlockRows * sizeof(float));

/// `conj`: the unbinding is known, which spares registers.
template <class T, class L, bool conj>
__global__ __launch_bounds__(kThreads, kSumsBlocks<L>) void sums(HrrProblem problem, Grid grid,
                                                                 Rows q, Rows v, Rows g,
                                                                 const float* s, const float* z,
                                                                 float* with_r, float* plain,
                                                                 float* parts_r) {
  using From = NextRows<T, L, kBackwardTurns>;
  const Unbind unbind = conj ? Unbind::kConj : problem.unbind;
  const Place p = place_of<L>(grid);
  const int64_t b = blockIdx.y;
  const int64_t length = length_of(problem.lengths, b, grid.length);
  Slots<L> memory = load_sums<L>(s + (b * grid.heads + p.head) * grid.width, p.at);
  to_unit(memory, p.at, real_weight(unbind));
  const float inverse_z = inverse_or_zero(z[b * grid.heads + p.head]);
  const float keys = problem.time_scale ? static_cast<float>(length) : 1.0f;
  Slots<L> a1 = zero_slots<L>(), a2 = zero_slots<L>();
  float total = 0.0f;
  const Tokens tokens = tokens_of(grid, p, length, true);
  char* const ring = dynamic_shared<char>();
  From qs(ring, q, p, tokens), vs(ring + From::kBytes, v, p, tokens),
      gs(ring + 2 * From::kBytes, g, p, tokens);
  Slots<L> qt, vt, gt;
  each_turn<From::kDepth>(
      tokens,
      [&](int slot, int t) {
        qs.start(slot, t, tokens.end);
        vs.start(slot, t, tokens.end);
        gs.start(slot, t, tokens.end);
      },
      [&](int slot) {
        qt = qs.take(slot);
        vt = vs.take(slot);
        gt = gs.take(slot);
      },
      [&](int t) {
        const Token<L> token = read_token(qt, vt, gt, memory, p.at, unbind, inverse_z, keys);
        if (!p.on || t + p.token >= tokens.end) return;
        if (p.at.lane == 0) total += token.w * token.r;
        add_to_memory_gradient(token, vt, token.w, p.at, a1, a2);
      });
  __syncthreads();
  float* const shared = dynamic_shared<float>();
  const int64_t row = (b * grid.chunks + blockIdx.x) * grid.heads + p.first_head;
  write_block_sum(a1, p, grid.width, shared, with_r + row * grid.width);
  write_block_sum(a2, p, grid.width, shared, plain + row * grid.width);
  write_block_number<L>(total, p, shared, parts_r + row);
}

/// dS / S-scale = lambda (A1 - R A2) and R; one block a (head, batch).
__global__ __launch_bounds__(kThreads) void gather_gradient(HrrProblem problem, Grid grid,
                                                            const float* s, const float* with_r,
                                                            const float* plain,
                                                            const float* parts_r, float* ds,
                                                            float* mean_r) {
  __shared__ float shared1[kThreads], shared2[kThreads], number[kThreads];
  const int64_t h = blockIdx.x, b = blockIdx.y, head = b * grid.heads + h;
  const int columns = (grid.width + 31) / 32 * 32, turns = kThreads / columns;
  const int column = threadIdx.x % columns, turn = threadIdx.x / columns;
  const int64_t first = b * grid.chunks * grid.heads + h;
  float sum1 = 0.0f, sum2 = 0.0f, r = 0.0f;
  if (column < grid.width && turn < turns) {
#pragma unroll 4
    for (int c = turn; c < grid.chunks; c += turns) {
      const int64_t at = (first + c * grid.heads) * grid.width + column;
      sum1 += with_r[at];
      sum2 += plain[at];
    }
  }
  for (int c = threadIdx.x; c < grid.chunks; c += kThreads) r += parts_r[first + c * grid.heads];
  shared1[threadIdx.x] = sum1;
  shared2[threadIdx.x] = sum2;
  number[threadIdx.x] = r;
  __syncthreads();
  for (int step = kThreads / 2; step > 0; step /= 2) {
    if (threadIdx.x < static_cast<unsigned>(step))
      number[threadIdx.x] += number[threadIdx.x + step];
    __syncthreads();
  }
  const float mean = number[0];
  __syncthreads();
  // The scale of S again, as to_unit has it.
  const bool real = column == 0 || column == grid.width / 2;
  const float weight = real ? real_weight(problem.unbind) : 1.0f;
  const bool mine = turn == 0 && column < grid.width;
  number[threadIdx.x] = mine ? fabsf(weight * s[head * grid.width + column]) : 0.0f;
  __syncthreads();
  for (int step = kThreads / 2; step > 0; step /= 2) {
    if (threadIdx.x < static_cast<unsigned>(step)) {
      number[threadIdx.x] = fmaxf(number[threadIdx.x], number[threadIdx.x + step]);
    }
    __syncthreads();
  }
  if (mine) {
    for (int i = 1; i < turns; ++i) {
      sum1 += shared1[i * columns + column];
      sum2 += shared2[i * columns + column];
    }
    // Not scale times weight first: the scale of S = 0 is the largest power of two.
    ds[head * grid.width + column] = weight * (unit_scale(number[0]) * (sum1 - mean * sum2));
  }
  if (threadIdx.x == 0) mean_r[head] = mean;
}

/// Sums of the gradients' columns over the tokens of a block. In registers they would cost a block
/// its place on the multiprocessor; in shared memory each thread has its own numbers, and the
/// threads of a warp lie in different banks.
template <class L>
struct ColumnSums {
  static constexpr int kNumbers = 2 * L::kCount, kPacks = kNumbers / 4;
  static constexpr std::size_t kBytes = std::size_t{3} * kNumbers * kThreads * sizeof(float);
  Pack<float, 4>* mine;  // null: not wanted

  __device__ void clear() const {
    if (!mine) return;
#pragma unroll
    for (int n = 0; n < 3 * kPacks; ++n) mine[n * kThreads] = {};
  }
  __device__ void add(int array, const Slots<L>& x) const {
    if (!mine) return;
#pragma unroll
    for (int n = 0; n < kPacks; ++n) {
      auto& sum = mine[(array * kPacks + n) * kThreads];
      auto pack = sum;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int at = 4 * n + i;
        pack.x[i] += at < L::kCount ? x.re[at] : x.im[at - L::kCount];
      }
      sum = pack;
    }
  }
  /// to (3, heads, width): the block's heads of it, added over tokens in their order.
  __device__ void write(const Place& p, const Grid& grid, float* to) const {
    if (!mine) return;
    __syncthreads();
    const auto* const first = reinterpret_cast<const float*>(mine - threadIdx.x);
    const int wide = p.heads * grid.width, half = grid.width / 2;
    for (int i = threadIdx.x; i < 3 * wide; i += kThreads) {
      const int array = i / wide, column = i % wide, head = column / grid.width,
                element = column % grid.width, slot = element % half;
      const int lane = slot / L::kVector % L::kLanes, piece = slot / (L::kVector * L::kLanes);
      const int number = (element < half ? 0 : L::kCount) + piece * L::kVector + slot % L::kVector;
      float sum = 0.0f;
      for (int t = 0; t < p.tokens; ++t) {
        const int thread = (t * grid.group + head) * L::kLanes + lane;
        sum += first[((array * kPacks + number / 4) * kThreads + thread) * 4 + number % 4];
      }
      to[(array * grid.heads + p.first_head) * grid.width + column] = sum;
    }
  }
};

template <class T, class L, bool conj>
__global__ __launch_bounds__(kThreads) void gradients(HrrProblem problem, Grid grid, Rows q, Rows k,
                                                      Rows v, Rows g, const float* s,
                                                      const float* z, const float* ds_of,
                                                      const float* mean_r, Rows dq, Rows dk,
                                                      Rows dv, float* column_parts) {
  // Rows in shared memory and small pieces took 170 instead of 183 us at T = 131072 by themselves,
  // and 198 instead of 180 in a step.
  using From = RowInRegisters<T, L>;
  const Unbind unbind = conj ? Unbind::kConj : problem.unbind;
  const Place p = place_of<L>(grid);
  char* const ring = dynamic_shared<char>();
  const ColumnSums<L> columns{
      column_parts ? reinterpret_cast<Pack<float, 4>*>(ring + 4 * From::kBytes) + threadIdx.x
                   : nullptr};
  columns.clear();
  const int64_t b = blockIdx.y;
  const int64_t length = length_of(problem.lengths, b, grid.length);
  const int64_t head = b * grid.heads + p.head;
  Slots<L> memory = load_sums<L>(s + head * grid.width, p.at);
  to_unit(memory, p.at, real_weight(unbind));
  const Slots<L> ds = load_sums<L>(ds_of + head * grid.width, p.at);
  const float inverse_z = inverse_or_zero(z[head]), mean = mean_r[head];
  const float keys = problem.time_scale ? static_cast<float>(length) : 1.0f;
  const Tokens tokens = tokens_of(grid, p, grid.length, false);
  const int inside = static_cast<int>(length), bound = problem.pads_in ? tokens.end : inside;
  From qs(ring, q, p, tokens), ks(ring + From::kBytes, k, p, tokens),
      vs(ring + 2 * From::kBytes, v, p, tokens), gs(ring + 3 * From::kBytes, g, p, tokens);
  Slots<L> qt, kt, vt, gt;
  each_turn<From::kDepth>(
      tokens,
      [&](int slot, int t) {
        qs.start(slot, t, inside);
        gs.start(slot, t, inside);
        vs.start(slot, t, bound);
        ks.start(slot, t, bound);
      },
      [&](int slot) {
        qt = qs.take(slot);
        kt = ks.take(slot);
        vt = vs.take(slot);
        gt = gs.take(slot);
      },
      [&](int first) {
        const Token<L> token = read_token(qt, vt, gt, memory, p.at, unbind, inverse_z, keys);
        const int t = first + p.token;
        if (!p.on || t >= tokens.end) return;
        const float w = t < inside ? token.w : 0.0f, alpha = w * (token.r - mean);
        const float cross = alpha * token.c.rho;
        const Slots<L> dz = gradient_of_z(vt, token.z, cross, alpha * token.c.a_zz);
        Slots<L> out = gradient_of_q(qt, dz, memory, p.at, unbind, token.unit);
        store_row(row_of<T>(dq, b, p.head, t), out, p.at);
        columns.add(0, out);
        out = t < bound ? conj_slots(vt, ds, p.at) : zero_slots<L>();
        store_row(row_of<T>(dk, b, p.head, t), out, p.at);
        columns.add(1, out);
        out = gradient_of_v(kt, vt, gt, token.z, ds, {keys * w, cross, alpha * token.c.a_vv}, p.at);
        store_row(row_of<T>(dv, b, p.head, t), out, p.at);
        columns.add(2, out);
      });
  columns.write(p, grid,
                column_parts + (b * grid.chunks + blockIdx.x) * 3 * grid.heads * grid.width);
}

}  // namespace

namespace {

/// Calls f(layout, grid, layout, grid) for the sums, which have small pieces of rows, and for the
/// gradients.
template <class F>
int with_grids(const HrrProblem& problem, bool aligned, const F& f) {
  return with_layout<kSmallPiece>(problem, aligned, [&](auto layout) {
    return with_layout(problem, aligned, [&](auto wide) {
      return f(layout, make_grid(problem, decltype(layout)::kLanes), wide,
               make_grid(problem, decltype(wide)::kLanes));
    });
  });
}

/// What is read in vectors comes first.
struct BackwardScratch {
  float *ds, *with_r, *plain, *column_parts, *parts_r, *mean_r;
  int64_t floats;
};
BackwardScratch scratch_of(const Grid& grid, const Grid& wide, float* memory) {
  const int64_t heads = grid.batch * grid.heads, rows = heads * grid.width;
  int64_t at = 0;
  const auto take = [&](int64_t count) {
    const int64_t place = at;
    at += count;
    return memory ? memory + place : nullptr;
  };
  BackwardScratch out{};
  out.ds = take(rows);
  out.with_r = take(rows * grid.chunks);
  out.plain = take(rows * grid.chunks);
  out.column_parts = take(3 * rows * wide.chunks);
  out.parts_r = take(heads * grid.chunks);
  out.mean_r = take(heads);
  out.floats = at;
  return out;
}

}  // namespace

bool hrr_sums_columns(const HrrProblem& problem) { return !problem.causal; }

int64_t hrr_backward_scratch(const HrrProblem& problem) {
  if (problem.causal) return hrr_causal_backward_scratch(problem);
  int64_t most = hrr_resident_parts(problem) * 3 * problem.heads * problem.width;
  for (const bool aligned : {false, true}) {
    with_grids(problem, aligned, [&](auto, const Grid& grid, auto, const Grid& wide) {
      const int64_t floats = scratch_of(grid, wide, nullptr).floats;
      most = floats > most ? floats : most;
      return 0;
    });
  }
  return most * static_cast<int64_t>(sizeof(float));
}

int hrr_backward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows g, const float* s,
                 const float* z, const HrrGradientsTo& to, void* scratch, void* stream) {
  const Rows dq = to.dq, dk = to.dk, dv = to.dv;
  float* const columns = to.columns;
  const auto on = static_cast<cudaStream_t>(stream);
  if (problem.batch * problem.heads * problem.length == 0) return 0;
  if (problem.causal) {
    if (columns) return static_cast<int>(cudaErrorInvalidValue);
    return hrr_causal_backward(problem, q, k, v, g, s, z, dq, dk, dv, scratch, stream);
  }
  const bool aligned = aligned_rows(problem.storage, {q, k, v, g, dq, dk, dv});
  const auto sum_columns = [&](const float* parts, int64_t rows) {
    if (columns)
      launch_sum_parts(parts, static_cast<int>(rows), 3 * problem.heads * problem.width,
                       {{columns, nullptr, nullptr}}, on);
    return static_cast<int>(cudaGetLastError());
  };
  if (hrr_resident_backward_takes(problem, aligned)) {
    auto* const parts = static_cast<float*>(scratch);
    const int status = hrr_resident_backward(problem, q, k, v, g, s, z, dq, dk, dv,
                                             columns ? parts : nullptr, stream);
    return status != 0 ? status : sum_columns(parts, hrr_resident_parts(problem));
  }
  return with_grids(
      problem, aligned,
      [&](auto layout, const Grid& grid, auto wide_layout, const Grid& wide_grid) {
        using L = decltype(layout);
        using W = decltype(wide_layout);
        const BackwardScratch at = scratch_of(grid, wide_grid, static_cast<float*>(scratch));
        const dim3 rows(static_cast<unsigned>(grid.heads), static_cast<unsigned>(grid.batch));
        const bool conj = problem.unbind == Unbind::kConj;
        return with_storage(problem.storage, [&](auto element) {
          using T = decltype(element);
          launch(conj ? sums<T, L, true> : sums<T, L, false>, blocks_of(grid), kThreads,
                 kSumsBytes<T, L>, on, problem, grid, q, v, g, s, z, at.with_r, at.plain,
                 at.parts_r);
          launch(gather_gradient, rows, kThreads, 0, on, problem, grid, s, at.with_r, at.plain,
                 at.parts_r, at.ds, at.mean_r);
          launch(conj ? gradients<T, W, true> : gradients<T, W, false>, blocks_of(wide_grid),
                 kThreads, columns ? ColumnSums<W>::kBytes : 0, on, problem, wide_grid, q, k, v, g,
                 s, z, at.ds, at.mean_r, dq, dk, dv, columns ? at.column_parts : nullptr);
          return sum_columns(at.column_parts, wide_grid.batch * wide_grid.chunks);
        });
      });
}

}  // namespace regard::kernels::cuda
