// The sum of k o v over the tokens of each block, the first pass of holographic attention.
#pragma once

#include "regard/kernels/cuda/hrr-ahead.cuh"

namespace regard::kernels::cuda {

constexpr int kBindTurns = 3;

template <class T, class L>
constexpr std::size_t kBindBytes = at_least(2 * NextRows<T, L, kBindTurns>::kBytes,
                                            kBlockRows * sizeof(float));

/// parts (batch, chunks, heads, width)
template <class T, class L>
__global__ __launch_bounds__(kThreads) void bind(HrrProblem problem, Grid grid, Rows k, Rows v,
                                                 float* parts) {
  using From = NextRows<T, L, kBindTurns>;
  const Place p = place_of<L>(grid);
  const int64_t b = blockIdx.y;
  const int64_t inside = problem.pads_in ? grid.length : length_of(problem.lengths, b, grid.length);
  const Tokens tokens = tokens_of(grid, p, inside, false);
  char* const ring = dynamic_shared<char>();
  From ks(ring, k, p, tokens), vs(ring + From::kBytes, v, p, tokens);
  Slots<L> sum = zero_slots<L>(), kt, vt;
  each_turn<From::kDepth>(
      tokens,
      [&](int slot, int t) {
        ks.start(slot, t, tokens.end);
        vs.start(slot, t, tokens.end);
      },
      [&](int slot) {
        kt = ks.take(slot);
        vt = vs.take(slot);
      },
      [&](int) { bind_token(kt, vt, p.at, sum); });  // rows behind the end are zeros
  __syncthreads();
  write_block_sum(
      sum, p, grid.width, dynamic_shared<float>(),
      parts + ((b * grid.chunks + blockIdx.x) * grid.heads + p.first_head) * grid.width);
}

}  // namespace regard::kernels::cuda
