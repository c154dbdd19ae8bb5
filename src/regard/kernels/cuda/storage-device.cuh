// Elements in memory and their arithmetic in fp32.
#pragma once

#include "regard/kernels/cuda/device.cuh"
#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

__device__ inline float to_float(float x) { return x; }
__device__ inline float to_float(__half x) { return __half2float(x); }
__device__ inline float to_float(__nv_bfloat16 x) { return __bfloat162float(x); }
template <class T>
__device__ inline T from_float(float x);
template <>
__device__ inline float from_float<float>(float x) {
  return x;
}
template <>
__device__ inline __half from_float<__half>(float x) {
  return __float2half_rn(x);
}
template <>
__device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float x) {
  return __float2bfloat16_rn(x);
}

template <class T, int n>
struct alignas(sizeof(T) * n < 16 ? sizeof(T) * n : 16) Pack {
  T x[n];
};

template <class F>
int with_storage(Storage storage, const F& f) {
  switch (storage) {
    case Storage::kFloat:
      return f(float{});
    case Storage::kHalf:
      return f(__half{});
    case Storage::kBFloat16:
      return f(__nv_bfloat16{});
  }
  return static_cast<int>(cudaErrorInvalidValue);
}

}  // namespace regard::kernels::cuda
