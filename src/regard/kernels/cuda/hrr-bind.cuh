// The sum of k o v over each chunk of time, the first pass of holographic attention.
#pragma once

#include "regard/kernels/cuda/hrr-token.cuh"

namespace regard::kernels::cuda {

/// parts (batch, chunks, heads, width)
template <class T, class L>
__global__ __launch_bounds__(kThreads) void bind(HrrProblem problem, Grid grid, Rows k, Rows v,
                                                 float* parts) {
  __shared__ float shared[kBlockRows];
  const Place p = place_of<L>(grid);
  const int64_t b = blockIdx.y, first = blockIdx.x * grid.chunk;
  const int64_t inside = problem.pads_in ? grid.length : length_of(problem.lengths, b, grid.length);
  const int64_t end = min(first + grid.chunk, inside);
  Slots<L> sum = zero_slots<L>();
  const Walk walk{first, end, p.tokens, false};
  constexpr int kDepth = 2;  // rows on their way while one is used
  RawRow<T, L> raw_k[kDepth], raw_v[kDepth];
  const auto fetch = [&](int64_t turn, int at) {
    const int64_t t = walk.at(turn, p.token);
    const bool on = p.on && walk.has(t);
    raw_k[at] = load_raw<T, L>(row_of<const T>(k, b, p.head, t), p.at, on);
    raw_v[at] = load_raw<T, L>(row_of<const T>(v, b, p.head, t), p.at, on);
  };
#pragma unroll
  for (int i = 0; i < kDepth; ++i) fetch(i, i);
  for (int64_t turn = 0; turn < walk.turns(); turn += kDepth) {
#pragma unroll
    for (int u = 0; u < kDepth; ++u) {  // behind the last turn the rows are zeros
      const Slots<L> kt = widen(raw_k[u]), vt = widen(raw_v[u]);
      fetch(turn + kDepth + u, u);
      bind_token(kt, vt, p.at, sum);
    }
  }
  write_block_sum(
      sum, p, grid.width, shared,
      parts + ((b * grid.chunks + blockIdx.x) * grid.heads + p.first_head) * grid.width);
}

}  // namespace regard::kernels::cuda
