// What weights go through before products read them: a cast, or a cast and a small orthogonal
// matrix head by head, which is how a fold's basis enters the projections. All weights of a model
// in one launch: one by one, each would take as long as all of them.
#pragma once

#include <cstdint>
#include <vector>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

struct BasisProblem {
  int64_t heads;   ///< blocks of `width` neighbours on the axis that changes
  int64_t width;   ///< d
  int64_t others;  ///< length of the other axis
  bool rows;  ///< the axis that changes is the first: w (heads d, others); else w (others, heads d)
  bool transposed;  ///< by u^T instead of u (d, d)
};

/// out[.. h d + j ..] = sum_i w[.. h d + i ..] u[i][j], fp32 sums. `extra` (heads d) goes the same
/// way in fp32, as one more column of rows; null: none. Without u (null) a cast of heads x width x
/// others numbers.
struct Weight {
  BasisProblem problem;
  const void* w;
  const float *extra, *u;
  void* out;
  float* extra_out;
};

/// All of `weights`, from one type to another. Returns 0 or a cudaError_t.
int prepare_weights(const std::vector<Weight>& weights, Storage from, Storage to, void* stream);

}  // namespace regard::kernels::cuda
