// What the passes do with one token, whether its rows come from memory or stay in shared memory, in
// the middle of a sequence or at its end.
#pragma once

#include "regard/kernels/cuda/hrr-device.cuh"

namespace regard::kernels::cuda {

/// sum += k o v.
template <class L>
__device__ inline void bind_token(const Slots<L>& k, const Slots<L>& v, Lane at, Slots<L>& sum) {
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    float re, im;
    product(k, v, at, i, re, im);
    sum.re[i] += re;
    sum.im[i] += im;
  }
}

/// The cosine of v and z = conj(x) o S'.
template <class L>
__device__ inline Cosine response(const Slots<L>& x, const Slots<L>& v, const Slots<L>& memory,
                                  Lane at) {
  float vv = 0.0f, zz = 0.0f, vz = 0.0f;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    float re, im;
    conj_product(x, memory, at, i, re, im);
    vv += v.re[i] * v.re[i] + v.im[i] * v.im[i];
    zz += re * re + im * im;
    vz += v.re[i] * re + v.im[i] * im;
  }
  return cosine(row_sum<L>(vv), row_sum<L>(zz), row_sum<L>(vz));
}

template <class L>
struct Token {
  Slots<L> x, z;  // the unbinding query, and z = conj(x) o S'
  QueryUnit unit;
  Cosine c;
  float w, r;
};

template <class L>
__device__ inline Token<L> read_token(const Slots<L>& q, const Slots<L>& v, const Slots<L>& g,
                                      const Slots<L>& memory, Lane at, Unbind unbind,
                                      float inverse_z, float keys) {
  Token<L> t;
  t.unit = unit_of_query(q, unbind);
  t.x = unbinding_query(q, at, unbind, t.unit);
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

/// conj(x) o y: z of x and S', and the gradient of k of v and dS.
template <class L>
__device__ inline Slots<L> conj_slots(const Slots<L>& x, const Slots<L>& y, Lane at) {
  Slots<L> out;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) conj_product(x, y, at, i, out.re[i], out.im[i]);
  return out;
}

/// cross v - in_z z: the gradient of z.
template <class L>
__device__ inline Slots<L> gradient_of_z(const Slots<L>& v, const Slots<L>& z, float cross,
                                         float in_z) {
  Slots<L> dz;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    dz.re[i] = cross * v.re[i] - in_z * z.re[i];
    dz.im[i] = cross * v.im[i] - in_z * z.im[i];
  }
  return dz;
}

/// Adds what a token of weight w brings to dS: x o dz with r_t and without.
template <class L>
__device__ inline void add_to_memory_gradient(const Token<L>& token, const Slots<L>& v, float w,
                                              Lane at, Slots<L>& with_r, Slots<L>& plain) {
  const float wr = w * token.r;
  const Slots<L> dz = gradient_of_z(v, token.z, token.c.rho, token.c.a_zz);
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    float re, im;
    product(token.x, dz, at, i, re, im);
    with_r.re[i] += wr * re;
    with_r.im[i] += wr * im;
    plain.re[i] += w * re;
    plain.im[i] += w * im;
  }
}

template <class L>
__device__ inline Slots<L> gradient_of_q(const Slots<L>& q, const Slots<L>& dz,
                                         const Slots<L>& memory, Lane at, Unbind unbind,
                                         QueryUnit unit) {
  Slots<L> out = conj_slots(dz, memory, at);
  query_gradient(q, at, unbind, unit, out);
  return out;
}

/// What of g, z and v (taken away) goes into the gradient of v, beside conj(k) o dS.
struct Pull {
  float g, z, v;
};
template <class L>
__device__ inline Slots<L> gradient_of_v(const Slots<L>& k, const Slots<L>& v, const Slots<L>& g,
                                         const Slots<L>& z, const Slots<L>& ds, const Pull& pull,
                                         Lane at) {
  Slots<L> out;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    conj_product(k, ds, at, i, out.re[i], out.im[i]);
    out.re[i] += pull.g * g.re[i] + pull.z * z.re[i] - pull.v * v.re[i];
    out.im[i] += pull.g * g.im[i] + pull.z * z.im[i] - pull.v * v.im[i];
  }
  return out;
}

__device__ inline float inverse_or_zero(float z) { return z == 0.0f ? 0.0f : 1.0f / z; }

}  // namespace regard::kernels::cuda
