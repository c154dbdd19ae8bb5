// What holographic attention does inside one chunk of tokens of one head, for one SIMD target.
#if defined(REGARD_KERNELS_HRR_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef REGARD_KERNELS_HRR_INL
#undef REGARD_KERNELS_HRR_INL
#else
#define REGARD_KERNELS_HRR_INL
#endif

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "regard/kernels/cpu/hrr_plan.hpp"
#include "regard/kernels/cpu/packed-inl.hpp"
#include "regard/kernels/cpu/rows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace regard::kernels::HWY_NAMESPACE {

template <class T>
HWY_INLINE ChunkRows<T> chunk_rows(HeadView<T> view, const HrrUnit& u, bool stream = false) {
  return {view.row(u.b, u.h, u.first), view.time, stream};
}

/// What a chunk knows of each of its tokens; dots first, then what follows from them.
struct alignas(64) TokenScalars {
  float vv[kHrrChunk], zz[kHrrChunk], vz[kHrrChunk];  // <v, v>, <z, z>, <v, z>
  float gv[kHrrChunk];                                // <g, v>, backward only
  float scale[kHrrChunk];                             // z and its row of S are scaled by this
  float e[kHrrChunk];                                 // exp(a); 0 behind the length
  float rho[kHrrChunk];                               // 1 / (|v| |z|)
  float a_zz[kHrrChunk], a_vv[kHrrChunk];             // a / |z|^2, a / |v|^2
};

/// A power of two that brings `largest` near 1. The cosine does not see a factor on S, and powers
/// of two are exact, so this only keeps squares away from overflow.
HWY_INLINE float unit_scale(float largest) {
  const auto exponent = std::bit_cast<uint32_t>(largest) & 0x7f800000u;
  return std::bit_cast<float>(std::max((254u << 23) - std::min(exponent, 254u << 23), 1u << 23));
}

/// row = scale lambda S, of one state for all tokens; returns the scale.
inline float unit_row(const float* s, int64_t width, float* row) {
  std::copy_n(s, width, row);
  row[0] *= 2.0f;
  row[width / 2] *= 2.0f;
  float largest = 0.0f;
  for (int64_t i = 0; i < width; ++i) largest = std::max(largest, std::abs(row[i]));
  const float scale = unit_scale(largest);
  for (int64_t i = 0; i < width; ++i) row[i] *= scale;
  return scale;
}

/// Sum over a chunk in eight interleaved parts; what stands behind the length must be 0.
inline float sum_of_chunk(const float* x) {
  float part[8] = {};
  for (int64_t t = 0; t < kHrrChunk; t += 8) {
    for (int64_t i = 0; i < 8; ++i) part[i] += x[t + i];
  }
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

/// out = sum of k o v over the chunk, in four interleaved parts.
template <class D, class T>
HWY_INLINE void bind_sum(D d, int64_t half, ChunkRows<const T> k, ChunkRows<const T> v,
                         int64_t count, float* out) {
  for (int64_t j = 0; j < half; j += kLanes<D>) {
    const auto real = real_slot(d, j);
    auto s0 = zero_complex(d), s1 = s0, s2 = s0, s3 = s0;
    const auto add = [&](int64_t t, Complex<D>& s) HWY_ATTR {
      s = mul_add(d, load_complex(d, k[t], half, j), load_complex(d, v[t], half, j), real, s);
    };
    int64_t t = 0;
    for (; t + 4 <= count; t += 4) {
      add(t, s0);
      add(t + 1, s1);
      add(t + 2, s2);
      add(t + 3, s3);
    }
    for (; t < count; ++t) add(t, s0);
    const Complex<D> sum = {hn::Add(hn::Add(s0.re, s1.re), hn::Add(s2.re, s3.re)),
                            hn::Add(hn::Add(s0.im, s1.im), hn::Add(s2.im, s3.im))};
    store_complex(d, sum, out, half, j);
  }
}

/// rows[t] = scale_t lambda (before + sum of k o v over the chunk up to t), scale_t from S_t alone;
/// local = the sum over the chunk.
template <class D, class T>
HWY_INLINE void prefix_rows(D d, int64_t half, ChunkRows<const T> k, ChunkRows<const T> v,
                            int64_t count, const float* before, float* rows, float* local,
                            TokenScalars& tokens) {
  constexpr int64_t kWidth = kLanes<D>;
  HWY_ALIGN float largest[kHrrChunk * kWidth];
  for (int64_t j = 0; j < half; j += kWidth) {
    const auto real = real_slot(d, j);
    const auto factor = lambda(d, real);
    const auto base = load_complex(d, before, half, j);
    auto sum = zero_complex(d);
    for (int64_t t = 0; t < count; ++t) {
      sum = mul_add(d, load_complex(d, k[t], half, j), load_complex(d, v[t], half, j), real, sum);
      const Complex<D> s = {hn::Mul(factor, hn::Add(base.re, sum.re)),
                            hn::Mul(factor, hn::Add(base.im, sum.im))};
      store_complex(d, s, rows + t * 2 * half, half, j);
      float* const most = largest + t * kWidth;
      const auto size = hn::Max(hn::Abs(s.re), hn::Abs(s.im));
      hn::Store(j == 0 ? size : hn::Max(size, hn::Load(d, most)), d, most);
    }
    store_complex(d, sum, local, half, j);
  }
  std::fill(largest + count * kWidth, largest + kHrrChunk * kWidth, 0.0f);
  for (int64_t t = 0; t < kHrrChunk; t += kWidth) {
    hn::Store(reduce_rows<MaxOp, kWidth>(d, largest + t * kWidth), d, tokens.scale + t);
  }
  for (int64_t t = 0; t < count; ++t) {
    tokens.scale[t] = unit_scale(tokens.scale[t]);
    const auto by = hn::Set(d, tokens.scale[t]);
    float* const row = rows + t * 2 * half;
    for (int64_t j = 0; j < half; j += kWidth) {
      store_complex(d, scaled(d, load_complex(d, row, half, j), by), row, half, j);
    }
  }
}

/// The dot products of each token, with z_t = conj(q_t) o rows[t].
template <bool kWithG, class D, class T>
HWY_INLINE void token_dots(D d, int64_t half, ChunkRows<const T> q, ChunkRows<const T> v,
                           ChunkRows<const T> g, ChunkRows<const float> rows, int64_t count,
                           TokenScalars& tokens) {
  constexpr int64_t kWidth = kLanes<D>;
  HWY_ALIGN float parts[4][kWidth * kWidth];
  for (int64_t first = 0; first < count; first += kWidth) {
    for (int64_t i = 0; i < kWidth; ++i) {
      const int64_t t = first + i;
      auto vv = hn::Zero(d), zz = vv, vz = vv, gv = vv;
      for (int64_t j = 0; t < count && j < half; j += kWidth) {
        const auto vt = load_complex(d, v[t], half, j);
        const auto z =
            conj_mul_add(d, load_complex(d, q[t], half, j), load_complex(d, rows[t], half, j),
                         real_slot(d, j), zero_complex(d));
        vv = dot_add(d, vt, vt, vv);
        zz = dot_add(d, z, z, zz);
        vz = dot_add(d, vt, z, vz);
        if constexpr (kWithG) gv = dot_add(d, vt, load_complex(d, g[t], half, j), gv);
      }
      hn::Store(vv, d, parts[0] + i * kWidth);
      hn::Store(zz, d, parts[1] + i * kWidth);
      hn::Store(vz, d, parts[2] + i * kWidth);
      if constexpr (kWithG) hn::Store(gv, d, parts[3] + i * kWidth);
    }
    hn::Store(reduce_rows<AddOp, kWidth>(d, parts[0]), d, tokens.vv + first);
    hn::Store(reduce_rows<AddOp, kWidth>(d, parts[1]), d, tokens.zz + first);
    hn::Store(reduce_rows<AddOp, kWidth>(d, parts[2]), d, tokens.vz + first);
    if constexpr (kWithG) {
      hn::Store(reduce_rows<AddOp, kWidth>(d, parts[3]), d, tokens.gv + first);
    }
  }
}

/// Cosine, exponential and the coefficients of its gradient, from the dots.
HWY_INLINE void token_cosines(int64_t count, TokenScalars& tokens) {
  const hn::FixedTag<float, kMaxLanes> d;
  const auto one = hn::Set(d, 1.0f);
  for (int64_t t = 0; t < count; t += kMaxLanes) {
    const auto vv = hn::Load(d, tokens.vv + t);
    const auto zz = hn::Load(d, tokens.zz + t);
    // Not "at least the smallest normal number": a NaN must come through.
    const auto tiny = hn::Set(d, std::numeric_limits<float>::min());
    const auto silent = hn::Or(hn::Lt(vv, tiny), hn::Lt(zz, tiny));
    const auto inverse_v = hn::IfThenZeroElse(silent, hn::Div(one, hn::Sqrt(vv)));
    const auto inverse_z = hn::IfThenZeroElse(silent, hn::Div(one, hn::Sqrt(zz)));
    const auto dot = hn::IfThenZeroElse(silent, hn::Load(d, tokens.vz + t));
    const auto a = hn::Mul(hn::Mul(dot, inverse_v), inverse_z);
    hn::Store(exp_unit(d, a), d, tokens.e + t);
    hn::Store(hn::Mul(inverse_v, inverse_z), d, tokens.rho + t);
    hn::Store(hn::Mul(a, hn::Mul(inverse_z, inverse_z)), d, tokens.a_zz + t);
    hn::Store(hn::Mul(a, hn::Mul(inverse_v, inverse_v)), d, tokens.a_vv + t);
  }
  std::fill(tokens.e + count, tokens.e + kHrrChunk, 0.0f);
}

}  // namespace regard::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
