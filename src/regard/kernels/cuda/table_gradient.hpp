// The gradient of an embedding table as a product with rows of ones that are made in shared memory
// (Hopper), so that the gradient of the rows is all that is read.
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

struct TableGradient {
  Storage storage;  ///< of g: kHalf or kBFloat16
  int64_t tokens, rows, width;
};

/// Compute capability 9.0, at most 320 rows, a width divisible by 128; g on a boundary of 16 bytes.
bool table_gradient_takes(const TableGradient& problem);

/// Floats of scratch memory.
int64_t table_gradient_scratch(const TableGradient& problem);

/// dtable[r] = sum of g[t] over tokens t with ids[t] = r; g (tokens, width), ids (tokens), dtable
/// (rows, width) fp32. The sums have a fixed order. Ids outside of the table are left out. Returns
/// 0 or a cudaError_t.
int table_gradient(const TableGradient& problem, const void* g, const int64_t* ids, float* dtable,
                   float* scratch, void* stream);

}  // namespace regard::kernels::cuda
