// The numbers of kernels/cpu/dropout.hpp on a GPU.
#pragma once

#include <cstdint>

namespace regard::kernels::cuda {

/// As kernels::cpu::dropout_scale for [0, count); `step` points to one int64 on the device, `stream` is a cudaStream_t.
/// Returns 0 or a cudaError_t.
int dropout_scale(float* scale, int64_t count, double p, uint64_t seed, const int64_t* step,
                  uint32_t site, void* stream);

}  // namespace regard::kernels::cuda
