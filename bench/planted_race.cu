// A race between the threads of a block, for bench/gpu sanitize: a racecheck that does not report
// it is no witness for other kernels.
#include <cuda_runtime.h>

namespace regard {

/// Thread i reads what thread 127 - i wrote, and does not wait for it.
__global__ void planted_race(int* out) {
  __shared__ int shared[128];
  shared[threadIdx.x] = static_cast<int>(threadIdx.x);
  out[threadIdx.x] = shared[127 - threadIdx.x];
}

}  // namespace regard

int main() {
  int* out = nullptr;
  if (cudaMalloc(&out, 128 * sizeof(int)) != cudaSuccess) return 2;
  regard::planted_race<<<1, 128>>>(out);
  return cudaDeviceSynchronize() == cudaSuccess ? 0 : 2;
}
