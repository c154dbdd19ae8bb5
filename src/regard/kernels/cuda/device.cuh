// CUDA as the kernels see it. Tests without a GPU put another implementation here (tests/emulated/cuda.hpp), so kernels
// are launched by a function instead of by angle brackets.
#pragma once

#ifdef REGARD_EMULATE_CUDA
#include "emulated/cuda.hpp"
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdlib>

namespace regard::kernels::cuda {

/// Whether kernels may be put on the chip while the one before them ends (Hopper); REGARD_LAUNCH_OVERLAP=0 to compare.
inline bool can_overlap_launches() {
  static const bool wanted = [] {
    const char* value = std::getenv("REGARD_LAUNCH_OVERLAP");
    return !value || value[0] != '0';
  }();
  int device = 0, major = 0;
  return wanted && cudaGetDevice(&device) == cudaSuccess &&
         cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess &&
         major >= 9;
}

/// The first call of every kernel: lets the next kernel come, then waits until the one before is done and its writes are seen.
__device__ inline void begin_kernel() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  cudaTriggerProgrammaticLaunchCompletion();
  cudaGridDependencySynchronize();
#endif
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, int threads, std::size_t shared,
            cudaStream_t stream, Arguments... arguments) {
  if (shared > 48 * 1024) {
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                         static_cast<int>(shared));
  }
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3(threads);
  config.dynamicSmemBytes = shared;
  config.stream = stream;
  cudaLaunchAttribute overlap = {};
  overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  overlap.val.programmaticStreamSerializationAllowed = 1;
  config.attrs = &overlap;
  config.numAttrs = can_overlap_launches() ? 1 : 0;
  cudaLaunchKernelEx(&config, kernel, arguments...);
}

/// The dynamic shared memory of a block.
template <class T>
__device__ inline T* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char memory[];
  return reinterpret_cast<T*>(memory);
}

}  // namespace regard::kernels::cuda
#endif
