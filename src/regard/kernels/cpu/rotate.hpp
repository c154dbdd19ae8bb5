// Rotary positions on packed projections, in one reading and one writing.
#pragma once

#include <cstdint>

#include "regard/kernels/cpu/bfloat16.hpp"

namespace regard::kernels::cpu {

/// Rows (batch, time, parts, heads, width), contiguous; the first `rotated` parts turn, the others
/// are copied.
struct Rotation {
  int64_t batch, time, parts, heads, width;
  int64_t rotated;
  bool back;  ///< by the negative angles: the gradient
};

/// Places of one unit of work: within it angles follow from each other.
constexpr int64_t kRotationPlaces = 64;

/// y: each pair (x_i, x_{i + width / 2}) of the row at place t = 0, 1, ... turned by t / 10000^(2 i
/// / width), angles in float64; an odd last channel stays. For the units [begin, end) of ceil(time
/// / kRotationPlaces). T is float or BFloat16: arithmetic in fp32.
template <class T>
void rotate(const Rotation& problem, const T* x, T* y, int64_t begin, int64_t end);

/// The instruction set that it runs on here, as Highway names it.
const char* rotate_target();

}  // namespace regard::kernels::cpu
