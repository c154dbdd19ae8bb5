// Holographic attention of sequences whose rows fit into the shared memory of a cluster of blocks:
// one launch a way, four passes over an array forward (six otherwise) and seven backward (ten
// otherwise). No mask in time, 16-bit storage.
#pragma once

#include "regard/kernels/cuda/hrr.hpp"

namespace regard::kernels::cuda {

/// Whether the kernels below take this problem on the current device, and are the faster way:
/// compute capability 9, width 16, 32, 64, 128 or 256, rows aligned to 16 bytes, and T d up to
/// about 590,000 (forward) and 65,000.
bool hrr_resident_forward_takes(const HrrProblem& problem, bool aligned);
bool hrr_resident_backward_takes(const HrrProblem& problem, bool aligned);

int hrr_resident_forward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows y, float* s,
                         float* z, void* stream);

/// Rows of sums over tokens that backward leaves in `column_parts`, each (3, heads, width).
int64_t hrr_resident_parts(const HrrProblem& problem);

/// `column_parts`: null, or where the sums over tokens of dq, dk and dv go, in hrr_resident_parts
/// rows.
int hrr_resident_backward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows g, const float* s,
                          const float* z, Rows dq, Rows dk, Rows dv, float* column_parts,
                          void* stream);

}  // namespace regard::kernels::cuda
