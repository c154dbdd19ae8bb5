// Sums over the rows of a matrix, alone or on the way of an elementwise map: the gradients of
// biases.
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

/// Floats of scratch memory that the sums below need.
int64_t column_sums_scratch(int64_t rows, int64_t columns);

/// sums[c] = sum over rows of x[r][c], x (rows, columns) contiguous, columns a multiple of 8; fp32,
/// in a fixed order.
/// Returns 0 or a cudaError_t.
int column_sums(Storage storage, const void* x, int64_t rows, int64_t columns, float* sums,
                float* scratch, void* stream);

/// y = gelu(x + bias), gelu(u) = u Phi(u) with the error function; bias fp32.
int bias_gelu(Storage storage, const void* x, const float* bias, void* y, int64_t rows,
              int64_t columns, void* stream);

/// dx = dy gelu'(x + bias), and dbias = sum over rows of dx.
int bias_gelu_backward(Storage storage, const void* x, const float* bias, const void* dy, void* dx,
                       int64_t rows, int64_t columns, float* dbias, float* scratch, void* stream);

}  // namespace regard::kernels::cuda
