// What the passes of the backward know of one token.
#pragma once

#include "regard/kernels/cuda/hrr-device.cuh"

namespace regard::kernels::cuda {

template <class L>
struct Token {
  Slots<L> x, z;  // the unbinding query, and z = conj(x) o S'
  Cosine c;
  float w, r;
};

template <class L>
__device__ inline Token<L> read_token(const Slots<L>& q, const Slots<L>& v, const Slots<L>& g,
                                      const Slots<L>& memory, Lane at, Unbind unbind,
                                      float inverse_z, float keys) {
  Token<L> t;
  t.x = unbinding_query(q, at, unbind);
  float vv = 0.0f, zz = 0.0f, vz = 0.0f, gv = 0.0f;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    conj_product(t.x, memory, at, i, t.z.re[i], t.z.im[i]);
    vv += v.re[i] * v.re[i] + v.im[i] * v.im[i];
    zz += t.z.re[i] * t.z.re[i] + t.z.im[i] * t.z.im[i];
    vz += v.re[i] * t.z.re[i] + v.im[i] * t.z.im[i];
    gv += v.re[i] * g.re[i] + v.im[i] * g.im[i];
  }
  t.c = cosine(row_sum<L>(vv), row_sum<L>(zz), row_sum<L>(vz));
  t.w = expf(t.c.a) * inverse_z;
  t.r = keys * row_sum<L>(gv);
  return t;
}

__device__ inline float inverse_or_zero(float z) { return z == 0.0f ? 0.0f : 1.0f / z; }

}  // namespace regard::kernels::cuda
