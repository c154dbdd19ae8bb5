// The end of a training step in three kernels: the sum of squares of all gradients; norm, clipping,
// counters and records; the update of AdamW (Loshchilov, Hutter, ICLR 2019) on all tensors.
//
//   n = |all g together|;   bad = bad or not finite(loss + n);   g <- g / max(n / clip, 1);   t <-
//   t + 1 - bad
//   m <- b1 m + (1 - b1) g;   v <- b2 v + (1 - b2) g^2
//   w <- w - lr decay w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)      nothing changes
//   where bad
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

/// One tensor of fp32 on the device, with a gradient of any type; any alignment, but whole vectors
/// are faster.
struct AdamWTensor {
  float* w;
  const void* g;
  float *m, *v;
  int64_t count;
  float decay;
  Storage storage = Storage::kFloat;  ///< of g
};

struct AdamWRule {
  double beta1, beta2, eps;
  double clip;  ///< the greatest norm; 0: any
};

/// Scalars on the device. What the step reads, and what it leaves for the host to read later.
struct StepState {
  const float* lr;
  const float* loss;
  const int64_t* step;  ///< from 0
  float* updates;       ///< t
  float* ring;          ///< (capacity, 2): loss and n of step s in row s % capacity
  int64_t capacity;
  float* bad;         ///< 1 from the first bad step on
  int64_t* bad_step;  ///< that step, or -1
};

/// Floats of scratch, on a boundary of 8 bytes.
int64_t adamw_scratch(const AdamWTensor* tensors, int64_t count);

/// `tensors` is an array on the host, read before the call returns. All sums have a fixed order:
/// two runs give the same bits. Gradients are not changed. Returns 0 or a cudaError_t.
int adamw_step(const AdamWTensor* tensors, int64_t count, const AdamWRule& rule,
               const StepState& state, float* scratch, void* stream);

}  // namespace regard::kernels::cuda
