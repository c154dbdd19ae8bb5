// What the kernels of holographic attention share: who holds which slots of a row, and the algebra
// of a slot.
#pragma once

#include <cfloat>
#include <initializer_list>

#include "regard/kernels/cuda/hrr.hpp"
#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda {

constexpr int kThreads = 256;

/// A row is held by `lanes` neighbouring threads; each has `kCount` complex slots, in pieces of
/// kVector.
/// Vectors of 8 make loads of 16 bytes and more; vectors of 1 take any even width up to 256.
template <int vector, int pieces, int lanes_>
struct Layout {
  static constexpr int kVector = vector, kPieces = pieces, kLanes = lanes_,
                       kCount = vector * pieces;
};

/// The complex slots of one thread.
template <class L>
struct Slots {
  float re[L::kCount], im[L::kCount];
};

/// A row as it lies in memory, so that several loads are in flight before the first is used.
template <class T, class L>
struct RawRow {
  Pack<T, L::kVector> re[L::kPieces], im[L::kPieces];
};

struct Lane {
  int lane, half;
  template <class L>
  __device__ int slot(int piece) const {
    return (piece * L::kLanes + lane) * L::kVector;
  }
};

template <class T, class L>
__device__ inline RawRow<T, L> load_raw(const T* row, Lane at, bool on) {
  RawRow<T, L> raw;
#pragma unroll
  for (int p = 0; p < L::kPieces; ++p) {
    const int slot = at.slot<L>(p);
    if (on && slot < at.half) {
      raw.re[p] = *reinterpret_cast<const Pack<T, L::kVector>*>(row + slot);
      raw.im[p] = *reinterpret_cast<const Pack<T, L::kVector>*>(row + at.half + slot);
    } else {
#pragma unroll
      for (int i = 0; i < L::kVector; ++i) raw.re[p].x[i] = raw.im[p].x[i] = from_float<T>(0.0f);
    }
  }
  return raw;
}

template <class T, class L>
__device__ inline Slots<L> widen(const RawRow<T, L>& raw) {
  Slots<L> x;
#pragma unroll
  for (int p = 0; p < L::kPieces; ++p) {
#pragma unroll
    for (int i = 0; i < L::kVector; ++i) {
      x.re[p * L::kVector + i] = to_float(raw.re[p].x[i]);
      x.im[p * L::kVector + i] = to_float(raw.im[p].x[i]);
    }
  }
  return x;
}

template <class T, class L>
__device__ inline void store_row(T* row, const Slots<L>& x, Lane at) {
#pragma unroll
  for (int p = 0; p < L::kPieces; ++p) {
    const int slot = at.slot<L>(p);
    if (slot >= at.half) continue;
    Pack<T, L::kVector> re, im;
#pragma unroll
    for (int i = 0; i < L::kVector; ++i) {
      re.x[i] = from_float<T>(x.re[p * L::kVector + i]);
      im.x[i] = from_float<T>(x.im[p * L::kVector + i]);
    }
    *reinterpret_cast<Pack<T, L::kVector>*>(row + slot) = re;
    *reinterpret_cast<Pack<T, L::kVector>*>(row + at.half + slot) = im;
  }
}

template <class L>
__device__ inline Slots<L> zero_slots() {
  Slots<L> x;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) x.re[i] = x.im[i] = 0.0f;
  return x;
}

/// fp32 rows of sums; invalid slots read 0.
template <class L>
__device__ inline Slots<L> load_sums(const float* row, Lane at) {
  return widen<float, L>(load_raw<float, L>(row, at, true));
}

/// 0 where slot i of the thread is the pair of real numbers (DC, Nyquist), else 1. Only i = 0 can
/// be.
__device__ inline float paired(Lane at, int i) { return i == 0 && at.lane == 0 ? 0.0f : 1.0f; }

/// x o y, and conj(x) o y.
template <class L>
__device__ inline void product(const Slots<L>& x, const Slots<L>& y, Lane at, int i, float& re,
                               float& im) {
  if (i == 0) {
    const float p = paired(at, i), both = x.im[i] * y.im[i];
    re = x.re[i] * y.re[i] - p * both;
    im = p * (x.re[i] * y.im[i] + x.im[i] * y.re[i]) + (1.0f - p) * both;
  } else {
    re = x.re[i] * y.re[i] - x.im[i] * y.im[i];
    im = x.re[i] * y.im[i] + x.im[i] * y.re[i];
  }
}
template <class L>
__device__ inline void conj_product(const Slots<L>& x, const Slots<L>& y, Lane at, int i, float& re,
                                    float& im) {
  if (i == 0) {
    const float p = paired(at, i), both = x.im[i] * y.im[i];
    re = x.re[i] * y.re[i] + p * both;
    im = p * (x.re[i] * y.im[i] - x.im[i] * y.re[i]) + (1.0f - p) * both;
  } else {
    re = x.re[i] * y.re[i] + x.im[i] * y.im[i];
    im = x.re[i] * y.im[i] - x.im[i] * y.re[i];
  }
}

template <class L>
__device__ inline float row_sum(float x) {
#pragma unroll
  for (int step = L::kLanes / 2; step > 0; step /= 2) x += __shfl_xor_sync(~0u, x, step);
  return x;
}
template <class L>
__device__ inline float row_max(float x) {
#pragma unroll
  for (int step = L::kLanes / 2; step > 0; step /= 2) x = fmaxf(x, __shfl_xor_sync(~0u, x, step));
  return x;
}

/// A power of two that brings `largest` near 1: the cosine does not see a factor on S, and squares
/// stay away from overflow.
__device__ inline float unit_scale(float largest) {
  const unsigned exponent = __float_as_uint(largest) & 0x7f800000u;
  const unsigned low = min(exponent, 254u << 23);
  return __uint_as_float(max((254u << 23) - low, 1u << 23));
}

/// S' = scale lambda S of this thread's slots, in place; returns the scale. All lanes of the warp
/// call it.
template <class L>
__device__ inline float to_unit(Slots<L>& s, Lane at, float real_weight) {
  if (at.lane == 0) {
    s.re[0] *= real_weight;
    s.im[0] *= real_weight;
  }
  float largest = 0.0f;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i)
    largest = fmaxf(largest, fmaxf(fabsf(s.re[i]), fabsf(s.im[i])));
  const float scale = unit_scale(row_max<L>(largest));
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    s.re[i] *= scale;
    s.im[i] *= scale;
  }
  return scale;
}

__host__ __device__ inline float real_weight(Unbind unbind) {
  return unbind == Unbind::kConj ? 2.0f : unbind == Unbind::kExact ? 1.0f : 1.41421356237f;
}

/// |x|^2 of the number that an entry belongs to.
template <class L>
__device__ inline void square_modulus(const Slots<L>& x, Lane at, int i, float& re, float& im) {
  const float p = paired(at, i), a = x.re[i] * x.re[i], b = x.im[i] * x.im[i];
  re = a + p * b;
  im = b + p * a;
}
__device__ inline float inverse_power(float square, Unbind unbind) {
  if (square == 0.0f) return 0.0f;
  return unbind == Unbind::kExact ? 1.0f / square : rsqrtf(square);
}

/// What the inverse of a query needs of the whole row: a power of two that brings its largest
/// number near 1, and the square at which a coefficient vanishes beside it (attention/fourier.hpp,
/// kVanishing).
struct QueryUnit {
  float scale = 1.0f, least = 0.0f;
};
constexpr float kVanishing = 0x1p-21f;

/// All lanes of the warp call it.
template <class L>
__device__ inline QueryUnit unit_of_query(const Slots<L>& q, Unbind unbind) {
  if (unbind == Unbind::kConj) return {};
  float largest = 0.0f;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i)
    largest = fmaxf(largest, fmaxf(fabsf(q.re[i]), fabsf(q.im[i])));
  largest = row_max<L>(largest);
  const float scale = unit_scale(largest), least = kVanishing * (scale * largest);
  return {scale, least * least};
}
template <class L>
__device__ inline Slots<L> scaled(const Slots<L>& x, float scale) {
  Slots<L> out;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    out.re[i] = scale * x.re[i];
    out.im[i] = scale * x.im[i];
  }
  return out;
}

__device__ inline float inverse_power(float square, Unbind unbind, float least) {
  if (square <= least) return 0.0f;
  return unbind == Unbind::kExact ? 1.0f / square : rsqrtf(square);
}

/// q -> q / |q|^2 (exact) or q / |q| (unit), slot by slot, of the scaled row: the cosine does not
/// see the scale. 0 where
/// |q| vanishes.
template <class L>
__device__ inline Slots<L> unbinding_query(const Slots<L>& row, Lane at, Unbind unbind,
                                           QueryUnit unit) {
  if (unbind == Unbind::kConj) return row;
  const Slots<L> q = scaled(row, unit.scale);
  Slots<L> out;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    float re, im;
    square_modulus(q, at, i, re, im);
    out.re[i] = q.re[i] * inverse_power(re, unbind, unit.least);
    out.im[i] = q.im[i] * inverse_power(im, unbind, unit.least);
  }
  return out;
}

/// Gradient of q from the gradient dx of x = unbinding_query(q), in place:
/// dx / |q|^n - n q Re(conj(q) dx) / |q|^(n + 2), n = 2 (exact) or 1 (unit), times the scale.
template <class L>
__device__ inline void query_gradient(const Slots<L>& row, Lane at, Unbind unbind, QueryUnit unit,
                                      Slots<L>& dx) {
  if (unbind == Unbind::kConj) return;
  const Slots<L> q = scaled(row, unit.scale);
  const float n = unbind == Unbind::kExact ? 2.0f : 1.0f;
#pragma unroll
  for (int i = 0; i < L::kCount; ++i) {
    float re, im;
    square_modulus(q, at, i, re, im);
    const float p = paired(at, i);
    const float along_re = q.re[i] * dx.re[i], along_im = q.im[i] * dx.im[i];
    const float dot_re = along_re + p * along_im, dot_im = along_im + p * along_re;
    const float part_re = re <= unit.least ? 0.0f : n * dot_re / re;
    const float part_im = im <= unit.least ? 0.0f : n * dot_im / im;
    dx.re[i] =
        unit.scale * (inverse_power(re, unbind, unit.least) * (dx.re[i] - q.re[i] * part_re));
    dx.im[i] =
        unit.scale * (inverse_power(im, unbind, unit.least) * (dx.im[i] - q.im[i] * part_im));
  }
}

/// What follows from the three dots of a token.
struct Cosine {
  float a, rho, a_zz, a_vv;  // cos(v, z); 1 / (|v||z|); a / |z|^2; a / |v|^2
};
__device__ inline Cosine cosine(float vv, float zz, float vz) {
  // Not "at least the smallest normal number": a NaN must come through.
  if (vv < FLT_MIN || zz < FLT_MIN) return {0.0f, 0.0f, 0.0f, 0.0f};
  const float inverse_v = rsqrtf(vv), inverse_z = rsqrtf(zz);
  const float a = vz * inverse_v * inverse_z;
  return {a, inverse_v * inverse_z, a * inverse_z * inverse_z, a * inverse_v * inverse_v};
}

/// Threads of a block: (token, head, lane), the lane innermost; and what the launch gives each
/// block.
struct Place {
  int tokens;      // a block holds at a time
  int token;       // of this thread, in [0, tokens]; = tokens: idle
  int head;        // of this thread, or 0 where idle
  int first_head;  // of the block
  int heads;       // of the block
  Lane at;
  bool on;
};

struct Grid {
  int64_t batch, heads, length;
  int width, group;  // heads a block holds
  int chunks;        // over time: blocks that share the tokens of a sequence
  // tokens of a block that follow each other; 0: every chunks-th group of those that it holds
  int run;
};

template <class L>
__device__ inline Place place_of(const Grid& grid) {
  Place p;
  const int wide = grid.group * L::kLanes;
  p.tokens = kThreads / wide;
  p.token = threadIdx.x / wide;
  p.first_head = blockIdx.z * grid.group;
  p.heads = min(static_cast<int64_t>(grid.group), grid.heads - p.first_head);
  const int local = threadIdx.x % wide / L::kLanes;
  p.on = p.token < p.tokens && local < p.heads;
  p.head = p.first_head + (local < p.heads ? local : 0);
  p.at = {static_cast<int>(threadIdx.x % L::kLanes), grid.width / 2};
  return p;
}

/// Floats of shared memory that write_block_sum needs: a row for each (token, head) that a block
/// holds.
constexpr int kBlockRows = 4096;

/// Sums the slots of all tokens of a block in shared memory and writes one row a head.
template <class L>
__device__ inline void write_block_sum(const Slots<L>& x, const Place& p, int width, float* shared,
                                       float* out) {
  const int wide = p.heads * width;
  if (p.on) {
    float* const row = shared + p.token * wide + (p.head - p.first_head) * width;
#pragma unroll
    for (int piece = 0; piece < L::kPieces; ++piece) {
      const int slot = p.at.slot<L>(piece);
      if (slot >= p.at.half) continue;
#pragma unroll
      for (int i = 0; i < L::kVector; ++i) {
        row[slot + i] = x.re[piece * L::kVector + i];
        row[p.at.half + slot + i] = x.im[piece * L::kVector + i];
      }
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < wide; i += kThreads) {
    float sum = 0.0f;
    for (int token = 0; token < p.tokens; ++token) sum += shared[token * wide + i];
    out[i] = sum;
  }
  __syncthreads();
}

/// Sums one number of each row (held by its lane 0) over the tokens of a block: out[head of the
/// block].
template <class L>
__device__ inline void write_block_number(float x, const Place& p, float* shared, float* out) {
  if (p.on && p.at.lane == 0) shared[p.token * p.heads + p.head - p.first_head] = x;
  __syncthreads();
  if (threadIdx.x < static_cast<unsigned>(p.heads)) {
    float sum = 0.0f;
    for (int t = 0; t < p.tokens; ++t) sum += shared[t * p.heads + threadIdx.x];
    out[threadIdx.x] = sum;
  }
  __syncthreads();
}

// ---- host

/// Blocks enough for the device, each with a few tokens for every thread at least.
Grid make_grid(const HrrProblem& problem, int lanes);

/// Blocks of a pass: chunks of time, sequences, groups of heads.
inline dim3 blocks_of(const Grid& grid) {
  return dim3(static_cast<unsigned>(grid.chunks), static_cast<unsigned>(grid.batch),
              static_cast<unsigned>((grid.heads + grid.group - 1) / grid.group));
}

/// Calls f(layout) for the layout that fits the width, the strides and the pointers: pieces of
/// `vector` (8 or 4) elements, where rows are multiples of 16.
template <int vector = 8, class F>
int with_layout(const HrrProblem& problem, bool aligned, const F& f) {
  const int half = static_cast<int>(problem.width / 2);
  if (aligned && half % 8 == 0) {
    const int lanes = half / vector;
    if constexpr (vector == 8) {
      if (lanes <= 1) return f(Layout<vector, 1, 1>{});
    }
    if (lanes <= 2) return f(Layout<vector, 1, 2>{});
    if (lanes <= 4) return f(Layout<vector, 1, 4>{});
    if (lanes <= 8) return f(Layout<vector, 1, 8>{});
    if (lanes <= 16) return f(Layout<vector, 1, 16>{});
    if constexpr (vector == 4) {
      if (lanes <= 32) return f(Layout<vector, 1, 32>{});
    }
  }
  return f(Layout<1, 4, 32>{});
}

/// Whether vectors of 8 elements can be loaded.
bool aligned_rows(Storage storage, std::initializer_list<Rows> all);

template <class T>
__device__ inline T* row_of(const Rows& rows, int64_t b, int64_t h, int64_t t) {
  return static_cast<T*>(rows.data) + b * rows.batch + h * rows.head + t * rows.time;
}

__device__ inline int64_t length_of(const int64_t* lengths, int64_t b, int64_t length) {
  return lengths ? lengths[b] : length;
}

}  // namespace regard::kernels::cuda
