// Forward: bind (read K, V, write the sums of each block), gather (S), respond (read Q, V, write e
// and the parts of Z), weigh (read V, write y). Five passes over an array are the floor, these are
// six; the sixth is what y = e v / Z costs where the next product cannot take 1/Z. Short sequences
// go another way (hrr_resident.hpp).
#include "regard/kernels/cuda/hrr-ahead.cuh"
#include "regard/kernels/cuda/hrr-bind.cuh"
#include "regard/kernels/cuda/hrr_causal.hpp"
#include "regard/kernels/cuda/hrr_resident.hpp"

namespace regard::kernels::cuda {
namespace {

/// s[b][h] = sum of the parts over the chunks; one block a (head, batch).
__global__ __launch_bounds__(kThreads) void gather(Grid grid, const float* parts, float* s) {
  __shared__ float shared[kThreads];
  const int64_t h = blockIdx.x, b = blockIdx.y;
  const int columns = (grid.width + 31) / 32 * 32, turns = kThreads / columns;
  const int column = threadIdx.x % columns, turn = threadIdx.x / columns;
  float sum = 0.0f;
  if (column < grid.width && turn < turns) {
    const float* at = parts + (b * grid.chunks * grid.heads + h) * grid.width + column;
    const int64_t stride = grid.heads * grid.width;
    constexpr int kFlying = 8;
    float part[kFlying] = {};
    int c = turn;
    for (; c + (kFlying - 1) * turns < grid.chunks; c += kFlying * turns) {
#pragma unroll
      for (int i = 0; i < kFlying; ++i) part[i] += at[(c + i * turns) * stride];
    }
#pragma unroll 4
    for (; c < grid.chunks; c += turns) sum += at[c * stride];
#pragma unroll
    for (int i = 0; i < kFlying; ++i) sum += part[i];
  }
  shared[threadIdx.x] = sum;
  __syncthreads();
  if (turn == 0 && column < grid.width) {
    for (int i = 1; i < turns; ++i) sum += shared[i * columns + column];
    s[(b * grid.heads + h) * grid.width + column] = sum;
  }
}

constexpr int kRespondTurns = 3;
/// Registers for as many blocks on a multiprocessor, where rows wait in shared memory.
template <class L, bool conj>
constexpr int kRespondBlocks = !kHasVectors<L> ? 1
                               : conj          ? 4
                                               : 3;

/// `conj`: the unbinding is known, which spares registers.
template <class T, class L, bool conj>
__global__ __launch_bounds__(kThreads,
                             kRespondBlocks<L, conj>) void respond(HrrProblem problem, Grid grid,
                                                                   Rows q, Rows v, const float* s,
                                                                   float* e, float* parts) {
  using From = NextRows<T, L, kRespondTurns>;
  __shared__ float shared[kThreads];
  const Unbind unbind = conj ? Unbind::kConj : problem.unbind;
  const Place p = place_of<L>(grid);
  const int64_t b = blockIdx.y;
  Slots<L> memory = load_sums<L>(s + (b * grid.heads + p.head) * grid.width, p.at);
  to_unit(memory, p.at, real_weight(unbind));
  float total = 0.0f;
  // From the last token on: the cache still holds what the pass before read last.
  const Tokens tokens = tokens_of(grid, p, length_of(problem.lengths, b, grid.length), true);
  char* const ring = dynamic_shared<char>();
  From qs(ring, q, p, tokens), vs(ring + From::kBytes, v, p, tokens);
  Slots<L> given, vt;
  // Turns are those of the block: every lane takes part in the sums over rows.
  each_turn<From::kDepth>(
      tokens,
      [&](int slot, int t) {
        qs.start(slot, t, tokens.end);
        vs.start(slot, t, tokens.end);
      },
      [&](int slot) {
        given = qs.take(slot);
        vt = vs.take(slot);
      },
      [&](int t) {
        const Slots<L> x = unbinding_query(given, p.at, unbind, unit_of_query(given, unbind));
        const Cosine c = response(x, vt, memory, p.at);
        if (!p.on || t + p.token >= tokens.end || p.at.lane != 0) return;
        const float value = expf(c.a);
        e[(b * grid.length + t + p.token) * grid.heads + p.head] = value;
        total += value;
      });
  write_block_number<L>(total, p, shared,
                        parts + (b * grid.chunks + blockIdx.x) * grid.heads + p.first_head);
}

template <class T, class L>
__global__ __launch_bounds__(kThreads) void weigh(HrrProblem problem, Grid grid, Rows v, Rows y,
                                                  const float* e, const float* parts, int chunks,
                                                  float* z) {
  __shared__ float factor[kThreads];
  const Place p = place_of<L>(grid);
  const int64_t b = blockIdx.y;
  const int64_t length = length_of(problem.lengths, b, grid.length);
  const Tokens tokens = tokens_of(grid, p, grid.length, false);
  // Z: a warp a head, its lanes over the chunks.
  for (int h = threadIdx.x / 32; h < p.heads; h += kThreads / 32) {
    float sum = 0.0f;
    for (int c = threadIdx.x % 32; c < chunks; c += 32) {
      sum += parts[(b * chunks + c) * grid.heads + p.first_head + h];
    }
#pragma unroll
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
    if (threadIdx.x % 32 == 0) {
      const float keys = problem.time_scale ? static_cast<float>(length) : 1.0f;
      factor[h] = sum == 0.0f ? 0.0f : keys / sum;
      if (blockIdx.x == 0) z[b * grid.heads + p.first_head + h] = sum;
    }
  }
  __syncthreads();
  const float mine = factor[p.head - p.first_head];
  constexpr int kTurns = 4;
  for (int turn = 0; turn < tokens.turns; turn += kTurns) {
    const int64_t base = tokens.first + turn * tokens.step + p.token;
    const auto has = [&](int u) { return turn + u < tokens.turns; };
    RawRow<T, L> raw[kTurns];
    float weight[kTurns];
#pragma unroll
    for (int u = 0; u < kTurns; ++u) {
      const int64_t t = base + u * tokens.step;
      const bool on = p.on && has(u) && t < min(int64_t{tokens.end}, length);
      raw[u] = load_raw<T, L>(row_of<const T>(v, b, p.head, t), p.at, on);
      weight[u] = on ? mine * e[(b * grid.length + t) * grid.heads + p.head] : 0.0f;
    }
#pragma unroll
    for (int u = 0; u < kTurns; ++u) {
      const int64_t t = base + u * tokens.step;
      if (!p.on || !has(u) || t >= tokens.end) continue;
      Slots<L> out = widen(raw[u]);
#pragma unroll
      for (int i = 0; i < L::kCount; ++i) {
        out.re[i] *= weight[u];
        out.im[i] *= weight[u];
      }
      store_row(row_of<T>(y, b, p.head, t), out, p.at);
    }
  }
}

struct Scratch {
  float *sums, *e, *z;
};

Scratch split(const Grid& grid, void* memory) {
  auto* at = static_cast<float*>(memory);
  float* const e = at + grid.batch * grid.chunks * grid.heads * grid.width;
  return {at, e, e + grid.batch * grid.length * grid.heads};
}

/// All passes; that which binds where its sums are not given. k is of the first alone.
int pass_over(const HrrProblem& problem, const HrrBinding* bound, Rows q, Rows k, Rows v, Rows y,
              float* s, float* z, void* scratch, void* stream) {
  const auto on = static_cast<cudaStream_t>(stream);
  const bool aligned = aligned_rows(problem.storage, {q, k, v, y});
  return with_layout<kSmallPiece>(problem, aligned, [&](auto layout) {
    using L = decltype(layout);
    const Grid grid = make_grid(problem, L::kLanes);
    const Scratch memory = split(grid, scratch);
    const dim3 rows(static_cast<unsigned>(grid.heads), static_cast<unsigned>(grid.batch));
    return with_storage(problem.storage, [&](auto element) {
      using T = decltype(element);
      Grid gathered = grid;
      if (bound) {
        gathered.chunks = static_cast<int>(bound->chunks);
      } else {
        launch(bind<T, L>, blocks_of(grid), kThreads, kBindBytes<T, L>, on, problem, grid, k, v,
               memory.sums);
      }
      launch(gather, rows, kThreads, 0, on, gathered,
             bound ? bound->parts : static_cast<const float*>(memory.sums), s);
      const bool conj = problem.unbind == Unbind::kConj;
      launch(conj ? respond<T, L, true> : respond<T, L, false>, blocks_of(grid), kThreads,
             2 * NextRows<T, L, kRespondTurns>::kBytes, on, problem, grid, q, v, s, memory.e,
             memory.z);
      return with_layout(problem, aligned, [&](auto wide) {
        using W = decltype(wide);
        const Grid wide_grid = make_grid(problem, W::kLanes);
        launch(weigh<T, W>, blocks_of(wide_grid), kThreads, 0, on, problem, wide_grid, v, y,
               memory.e, memory.z, grid.chunks, z);
        return static_cast<int>(cudaGetLastError());
      });
    });
  });
}

}  // namespace

bool aligned_rows(Storage storage, std::initializer_list<Rows> all) {
  const auto whole = [&](int64_t stride) { return stride * bytes_of(storage) % 16 == 0; };
  for (const Rows& rows : all) {
    if (reinterpret_cast<uintptr_t>(rows.data) % 16 != 0 || !whole(rows.batch) ||
        !whole(rows.head) || !whole(rows.time)) {
      return false;
    }
  }
  return true;
}

Grid make_grid(const HrrProblem& problem, int lanes) {
  Grid grid{};
  grid.batch = problem.batch;
  grid.heads = problem.heads;
  grid.length = problem.length;
  grid.width = static_cast<int>(problem.width);
  grid.group =
      static_cast<int>(problem.heads < kThreads / lanes ? problem.heads : kThreads / lanes);
  const int64_t groups = (problem.heads + grid.group - 1) / grid.group;
  const int64_t tokens = kThreads / (grid.group * lanes);  // a block holds at a time
  constexpr int64_t kBlocks = 132 * 2;
  int64_t chunks = kBlocks / (problem.batch * groups);
  const int64_t most = (problem.length + 4 * tokens - 1) / (4 * tokens);
  chunks = chunks < 1 ? 1 : chunks > most ? most : chunks;
  if (chunks < 1) chunks = 1;
  grid.chunks = static_cast<int>(chunks);
  return grid;
}

int64_t hrr_states(const HrrProblem& problem) {
  return problem.causal ? (problem.length + kHrrCausalChunk - 1) / kHrrCausalChunk : 1;
}

int64_t hrr_forward_scratch(const HrrProblem& problem) {
  if (problem.causal) return hrr_causal_forward_scratch(problem);
  int64_t most = 0;
  for (const bool aligned : {false, true}) {
    with_layout<kSmallPiece>(problem, aligned, [&](auto layout) {
      const Grid g = make_grid(problem, decltype(layout)::kLanes);
      const int64_t floats = g.batch * g.heads * (g.chunks * (g.width + 1) + g.length);
      most = floats > most ? floats : most;
      return 0;
    });
  }
  return most * static_cast<int64_t>(sizeof(float));
}

int hrr_forward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows y, float* s, float* z,
                void* scratch, void* stream) {
  if (problem.batch * problem.heads * problem.length == 0) return 0;
  if (problem.causal) return hrr_causal_forward(problem, q, k, v, y, s, z, scratch, stream);
  const bool aligned = aligned_rows(problem.storage, {q, k, v, y});
  if (hrr_resident_forward_takes(problem, aligned)) {
    return hrr_resident_forward(problem, q, k, v, y, s, z, stream);
  }
  return pass_over(problem, nullptr, q, k, v, y, s, z, scratch, stream);
}

int hrr_forward_binding(const HrrProblem& problem, const HrrBinding& bound, Rows q, Rows v, Rows y,
                        float* s, float* z, void* scratch, void* stream) {
  if (problem.batch * problem.heads * problem.length == 0) return 0;
  if (problem.causal) return static_cast<int>(cudaErrorInvalidValue);
  return pass_over(problem, &bound, q, q, v, y, s, z, scratch, stream);
}

}  // namespace regard::kernels::cuda
