// What stands between two parts of a block, in one reading and one writing: the residual sum with
// dropout, then the norm; and its gradient.
//
//   x' = x + m o (branch + b);   h = norm(x') gamma + beta      m: dropout factors, drawn again in
//   the backward
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/dropout_draw.hpp"
#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

struct AddNormProblem {
  int64_t rows;
  int width;       ///< a multiple of 8, at most 1024
  Storage stream;  ///< of x and x'
  Storage branch;  ///< of branch and h
  bool centred;    ///< LayerNorm: mean and beta; else RMSNorm
  float eps;
  DropoutDraw draw;  ///< step null: no dropout
};

bool can_add_norm(int64_t width);

/// x (rows, width); branch null: x' = x and x_out is not written; b (width) fp32 or null: 0. stats:
/// mean and 1 / deviation of each row (rows, 2).
/// gamma, beta fp32 (beta null for RMSNorm). Returns 0 or a cudaError_t.
int add_norm_forward(const AddNormProblem& problem, const void* x, const void* branch,
                     const float* branch_bias, const float* gamma, const float* beta, void* x_out,
                     void* h, float* stats, void* stream);

/// Blocks of the backward; its scratch is blocks x 3 x width floats.
int64_t add_norm_blocks(const AddNormProblem& problem);

/// dx = dx' + gradient of the norm; dbranch = m o dx. dx_next (of x') may be null: 0. dbranch null:
/// not written.
/// dgamma, dbeta and db (fp32; dbeta null for RMSNorm, db null: not wanted) are sums over rows in a
/// fixed order.
int add_norm_backward(const AddNormProblem& problem, const void* x_out, const float* stats,
                      const float* gamma, const void* dx_next, const void* dh, void* dx,
                      void* dbranch, float* dgamma, float* dbeta, float* dbranch_bias,
                      float* scratch, void* stream);

}  // namespace regard::kernels::cuda
