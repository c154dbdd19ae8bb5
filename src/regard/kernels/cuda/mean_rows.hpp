// The mean of the rows of each sequence, padding apart: how a classifier pools its tokens.
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

struct MeanRows {
  int64_t batch, rows, columns;  ///< x (batch, rows, columns) contiguous, columns a multiple of 8
  const int64_t* lengths;        ///< (batch) or null: all rows
};

/// Floats of scratch memory of the forward.
int64_t mean_rows_scratch(const MeanRows& problem);

/// y[b] = 1/n sum_{t < n} x[b][t], n = lengths[b]; 0 where n is 0. fp32 sums in a fixed order, and
/// fp32 means: a token's share of 1/n is less than a rounding of 16 bits. `storage` is that of x
/// and dx. Returns 0 or a cudaError_t.
int mean_rows(const MeanRows& problem, Storage storage, const void* x, float* y, float* scratch,
              void* stream);

/// dx[b][t] = dy[b] / n for t < n, else 0.
int mean_rows_backward(const MeanRows& problem, Storage storage, const float* dy, void* dx,
                       void* stream);

}  // namespace regard::kernels::cuda
