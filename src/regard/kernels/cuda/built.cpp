#include "regard/kernels/cuda/built.hpp"

#include <cuda_runtime_api.h>

namespace regard::kernels::cuda {

bool built() { return true; }

bool on_hopper() {
  int device = 0, major = 0, minor = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return false;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  return major == 9 && minor == 0;
}

}  // namespace regard::kernels::cuda
