// Weights times a small orthogonal matrix, head by head: how a fold's basis enters the projections.
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

struct BasisProblem {
  int64_t heads;   ///< blocks of `width` neighbours on the axis that changes
  int64_t width;   ///< d
  int64_t others;  ///< length of the other axis
  bool rows;  ///< the axis that changes is the first: w (heads d, others); else w (others, heads d)
  bool transposed;  ///< by u^T instead of u (d, d)
};

/// out[.. h d + j ..] = sum_i w[.. h d + i ..] u[i][j], fp32 sums. `extra` (heads d) goes the same way in fp32, as one more
/// column of rows; null: none. Returns 0 or a cudaError_t.
int change_basis(const BasisProblem& problem, Storage from, const void* w, const float* extra,
                 const float* u, Storage to, void* out, float* extra_out, void* stream);

}  // namespace regard::kernels::cuda
