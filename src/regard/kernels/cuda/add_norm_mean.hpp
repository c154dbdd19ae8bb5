// The last residual sum of a model, its norm, and the mean over the tokens of each sequence,
// without the normed tokens in memory; and the gradient.
//
//   x' = x + m o (branch + b)
//   centre[s] = 1/n sum_{t < n} (x'[s][t] - mean) / deviation;   pooled[s] = centre[s] gamma + beta
//   n = lengths[s]
//
// A token's gradient at the norm's output is dpooled[s] / n, the same for all: so dgamma = sum_s
// dpooled[s] centre[s], dbeta = sum_s dpooled[s], and the backward reads x' alone.
#pragma once

#include "regard/kernels/cuda/add_norm.hpp"

namespace regard::kernels::cuda {

/// The rows of an AddNormProblem as `batch` sequences of equal room.
struct Sequences {
  int64_t batch;           ///< it divides the rows
  const int64_t* lengths;  ///< (batch) or null: all rows
};

/// Floats of scratch memory, of the forward or the backward.
int64_t add_norm_mean_scratch(const AddNormProblem& problem, const Sequences& sequences);

/// pooled (batch, width) fp32, 0 where a length is 0; centre (batch, width) fp32. x_out and stats
/// as of add_norm_forward, written for the rows inside a length alone. The sums have a fixed order.
/// Returns 0 or a cudaError_t.
int add_norm_mean_forward(const AddNormProblem& problem, const Sequences& sequences, const void* x,
                          const void* branch, const float* branch_bias, const float* gamma,
                          const float* beta, void* x_out, float* stats, float* centre,
                          float* pooled, float* scratch, void* stream);

/// Gradients from dpooled (batch, width) fp32. dx and dbranch = m o dx are 0 behind a length;
/// dbranch, dbeta and db null: not wanted.
/// Returns 0 or a cudaError_t.
int add_norm_mean_backward(const AddNormProblem& problem, const Sequences& sequences,
                           const void* x_out, const float* stats, const float* gamma,
                           const float* centre, const float* dpooled, void* dx, void* dbranch,
                           float* dgamma, float* dbeta, float* dbranch_bias, float* scratch,
                           void* stream);

}  // namespace regard::kernels::cuda
