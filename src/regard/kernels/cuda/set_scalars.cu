#include "regard/kernels/cuda/set_scalars.hpp"

#include "regard/kernels/cuda/device.cuh"

namespace regard::kernels::cuda {
namespace {

struct Scalars {
  ScalarToSet at[kMostScalars];
};

__global__ __launch_bounds__(32) void set(Scalars scalars, int count) {
  const int i = static_cast<int>(threadIdx.x);
  if (i >= count) return;
  const auto& scalar = scalars.at[i];
  if (scalar.whole) {
    *static_cast<int64_t*>(scalar.to) = static_cast<int64_t>(scalar.value);
  } else {
    *static_cast<float*>(scalar.to) = static_cast<float>(scalar.value);
  }
}

}  // namespace

int set_scalars(const ScalarToSet* scalars, int count, void* stream) {
  if (count == 0) return 0;
  if (count < 0 || count > kMostScalars) return static_cast<int>(cudaErrorInvalidValue);
  Scalars given{};
  for (int i = 0; i < count; ++i) given.at[i] = scalars[i];
  launch(set, 1, 32, 0, static_cast<cudaStream_t>(stream), given, count);
  return static_cast<int>(cudaGetLastError());
}

}  // namespace regard::kernels::cuda
