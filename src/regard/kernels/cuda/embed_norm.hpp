// How a residual stream begins, in one reading and one writing: rows of a table with positions
// added, dropout, and the first norm. Its gradient is add_norm_backward of x, with the draw for the
// gradient of the sum.
//
//   x = m o (table[ids] + positions);   h = norm(x) gamma + beta      m: dropout factors
#pragma once

#include "regard/kernels/cuda/add_norm.hpp"

namespace regard::kernels::cuda {

/// Where the rows come from: row n is table[ids[n]] + positions[n % length]. table (table_rows,
/// width) and positions (length, width; null: none) fp32; an id behind the table reads zeros.
struct EmbeddedRows {
  const int64_t* ids;
  const float* table;
  const float* positions;
  int64_t table_rows, length;
};

/// x and h (rows, width) of the problem's types; stats: mean and 1 / deviation of each row (rows,
/// 2). x has the bits that
/// `embed` and `dropout_apply` give, h and stats those of add_norm_forward. Returns 0 or a
/// cudaError_t.
int embed_norm_forward(const AddNormProblem& problem, const EmbeddedRows& from, const float* gamma,
                       const float* beta, void* x, void* h, float* stats, void* stream);

}  // namespace regard::kernels::cuda
