// The exact GELU, u Phi(u) with the error function, and its slope.
#pragma once

#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda {

#ifdef REGARD_EMULATE_CUDA
inline float fast_exp2(float x) { return exp2f(x); }
inline float fast_inverse(float x) { return 1.0f / x; }
#else
__device__ inline float fast_exp2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ inline float fast_inverse(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
#endif

/// Phi(-|u|) and exp(-u^2 / 2) by Abramowitz and Stegun 7.1.26, absolute error of Phi 1e-7: one
/// exponential and one reciprocal for both, where erff and expf would take longer than the memory
/// does.
struct NormalTail {
  float beyond, bell;
};
__device__ inline NormalTail tail_of(float u) {
  const float bell = fast_exp2(u * u * -0.72134752044448170f);
  const float t = fast_inverse(fmaf(fabsf(u), 0.23164189f, 1.0f));  // 0.3275911 / sqrt(2)
  // The coefficients are halved: Phi(-|u|) = erfc(|u| / sqrt(2)) / 2.
  const float series =
      t * (0.127414796f +
           t * (-0.142248368f + t * (0.7107068705f + t * (-0.7265760135f + t * 0.5307027145f))));
  return {series * bell, bell};
}

/// gelu(u). T is the type in memory: exact to fp32 for fp32, and what 16 bits show for those.
template <class T>
__device__ inline float gelu_of(float u) {
  if constexpr (sizeof(T) == 4) {
    return u * 0.5f * (1.0f + erff(u * 0.70710678118654752f));
  } else {
    return fmaf(-fabsf(u), tail_of(u).beyond, fmaxf(u, 0.0f));
  }
}

/// gelu'(u) = Phi(u) + u phi(u)
template <class T>
__device__ inline float gelu_slope(float u) {
  constexpr float kPhi0 = 0.3989422804014327f;
  if constexpr (sizeof(T) == 4) {
    return 0.5f * (1.0f + erff(u * 0.70710678118654752f)) + u * kPhi0 * expf(-0.5f * u * u);
  } else {
    const NormalTail tail = tail_of(u);
    return fmaf(kPhi0 * u, tail.bell, 0.5f + copysignf(0.5f - tail.beyond, u));
  }
}

}  // namespace regard::kernels::cuda
