// CUDA as the kernels see it. Tests without a GPU put another implementation here
// (tests/emulated/cuda.hpp), so kernels are launched by a function instead of by angle brackets.
#pragma once

#ifdef REGARD_EMULATE_CUDA
#include "emulated/cuda.hpp"
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstddef>

namespace regard::kernels::cuda {

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, int threads, std::size_t shared,
            cudaStream_t stream, Arguments... arguments) {
  if (shared > 32 * 1024) {  // 48 KiB together with what the kernel declares
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                         static_cast<int>(shared));
  }
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3(threads);
  config.dynamicSmemBytes = shared;
  config.stream = stream;
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
