// Rotary positions on packed projections, in one reading and one writing.
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

/// Rows (batch, time, parts, heads, width), contiguous; the first `rotated` parts turn, the others
/// are copied.
struct Rotation {
  Storage storage;
  int64_t batch, time, parts, heads, width;
  int64_t rotated;
  bool back;  ///< by the negative angles: the gradient
};

/// y: each pair (x_i, x_{i + width / 2}) of the row at place t = 0, 1, ... turned by t / 10000^(2 i
/// / width), the angle reduced in float64; an odd last channel stays. Returns 0 or a cudaError_t.
int rotate(const Rotation& problem, const void* x, void* y, void* stream);

}  // namespace regard::kernels::cuda
