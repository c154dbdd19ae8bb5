// Keep-or-drop scales from Philox4x32-10: element i takes word i % 4 of block i / 4.
#pragma once

#include <cstdint>

namespace regard::kernels::cpu {

/// scale[i] = 1 / (1 - p) where a 32-bit number of (seed, step, site, i) is at least p 2^32, else 0, for i in
/// [begin, end), begin a multiple of 4.
void dropout_scale(float* scale, int64_t begin, int64_t end, double p, uint64_t seed, uint64_t step,
                   uint32_t site);

}  // namespace regard::kernels::cpu
