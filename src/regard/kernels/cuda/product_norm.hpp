// The product that ends a branch with the residual sum, its dropout and the norm after it, in one
// kernel (Hopper): what the product sums never goes to memory and back. The way back is
// add_norm_backward and the products of the weight.
//
//   x' = x + m o (rows W^T + b);   h = norm(x') gamma + beta      m: the dropout factors of
//   add_norm
#pragma once

#include "regard/kernels/cuda/add_norm.hpp"

namespace regard::kernels::cuda {

/// Compute capability 9.0, width 256, stream and branch of one 16-bit type, less than 2^23 rows;
/// all matrices contiguous on boundaries of 16 bytes.
bool product_norm_takes(const AddNormProblem& problem);

/// rows, x, x_out, h (rows, 256), weight (256, 256), b (256) fp32 or null: 0. gamma, beta (null for
/// RMSNorm) and stats as in add_norm_forward. The product is rounded to its type before b, as where
/// it goes to memory. Returns 0 or a cudaError_t.
int product_norm(const AddNormProblem& problem, const void* rows, const void* weight,
                 const float* bias, const void* x, const float* gamma, const float* beta,
                 void* x_out, void* h, float* stats, void* stream);

}  // namespace regard::kernels::cuda
