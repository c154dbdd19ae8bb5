// Rows of packed numbers in memory, fp32 or bf16, for one SIMD target (included once a target).
#if defined(REGARD_KERNELS_ROWS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef REGARD_KERNELS_ROWS_INL
#undef REGARD_KERNELS_ROWS_INL
#else
#define REGARD_KERNELS_ROWS_INL
#endif

#include <algorithm>
#include <cstdint>

#include "regard/kernels/cpu/bfloat16.hpp"
#include "regard/kernels/cpu/packed-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace regard::kernels::HWY_NAMESPACE {

template <class D>
HWY_INLINE hn::Vec<D> widened(D d, const BFloat16* from) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::Rebind<uint32_t, D> d32;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, hn::LoadU(d16, &from->bits))));
}

template <class D>
HWY_INLINE Complex<D> load_complex(D d, const BFloat16* row, int64_t half, int64_t j) {
  return {widened(d, row + j), widened(d, row + half + j)};
}

/// The rows of one head in one chunk.
template <class T>
struct ChunkRows {
  T* data;
  int64_t stride;
  bool stream = false;  ///< written past the caches; whole cache lines, aligned
  HWY_INLINE T* operator[](int64_t t) const { return data + t * stride; }
};

template <class D>
HWY_INLINE void write(D d, hn::Vec<D> x, float* to, bool stream) {
  if constexpr (kLanes<D> >= 4) {
    if (stream) return hn::Stream(x, d, to);
  }
  hn::StoreU(x, d, to);
}

/// Rounded to the nearest, ties to even; a NaN stays one.
template <class D>
HWY_INLINE void write(D, hn::Vec<D> x, BFloat16* to, bool stream) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::Rebind<uint32_t, D> d32;
  const auto bits = hn::BitCast(d32, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1u));
  const auto nearest = hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7fffu)));
  const auto quiet = hn::Or(bits, hn::Set(d32, 0x400000u));
  const auto nan = hn::RebindMask(d32, hn::IsNaN(x));
  const auto upper = hn::ShiftRight<16>(hn::IfThenElse(nan, quiet, nearest));
  const auto half = hn::DemoteTo(d16, hn::BitCast(hn::Rebind<int32_t, D>(), upper));
  if constexpr (kLanes<D> >= 8) {  // Highway streams whole vectors of 16 bytes
    if (stream) return hn::Stream(half, d16, &to->bits);
  }
  hn::StoreU(half, d16, &to->bits);
}

/// rows[t], slots from j on = x
template <class D, class T>
HWY_INLINE void write_complex(D d, Complex<D> x, ChunkRows<T> rows, int64_t t, int64_t half,
                              int64_t j) {
  write(d, x.re, rows[t] + j, rows.stream);
  write(d, x.im, rows[t] + half + j, rows.stream);
}

/// to[t] = by[t] from[t]
template <class D, class T>
HWY_INLINE void scale_rows(D d, int64_t half, ChunkRows<const T> from, const float* by,
                           int64_t count, ChunkRows<T> to) {
  for (int64_t t = 0; t < count; ++t) {
    const auto factor = hn::Set(d, by[t]);
    for (int64_t j = 0; j < half; j += kLanes<D>) {
      write_complex(d, scaled(d, load_complex(d, from[t], half, j), factor), to, t, half, j);
    }
  }
}

template <class T>
HWY_INLINE void zero_rows(ChunkRows<T> rows, int64_t width, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t) std::fill(rows[t], rows[t] + width, T{});
}

}  // namespace regard::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
