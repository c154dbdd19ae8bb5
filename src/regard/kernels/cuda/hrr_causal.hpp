// The causal form of hrr.hpp, which hrr_forward and hrr_backward call: S and Z are prefix sums over
// time, in chunks.
#pragma once

#include "regard/kernels/cuda/hrr.hpp"

namespace regard::kernels::cuda {

/// Tokens between two states: S and Z before each chunk are kept for the backward.
inline constexpr int64_t kHrrCausalChunk = 64;

int64_t hrr_causal_forward_scratch(const HrrProblem& problem);
int64_t hrr_causal_backward_scratch(const HrrProblem& problem);
int hrr_causal_forward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows y, float* s,
                       float* z, void* scratch, void* stream);
int hrr_causal_backward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows g, const float* s,
                        const float* z, Rows dq, Rows dk, Rows dv, void* scratch, void* stream);

}  // namespace regard::kernels::cuda
