// Complex algebra on packed rows, and sums over their lanes, for one SIMD target (included once a
// target).
#if defined(REGARD_KERNELS_PACKED_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef REGARD_KERNELS_PACKED_INL
#undef REGARD_KERNELS_PACKED_INL
#else
#define REGARD_KERNELS_PACKED_INL
#endif

#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace regard::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
inline constexpr int64_t kMaxLanes = 1;
#elif HWY_HAVE_SCALABLE
inline constexpr int64_t kMaxLanes = 4;  // what every scalable machine has
#else
inline constexpr int64_t kMaxLanes = HWY_LANES(float);
#endif

/// Lanes of one vector of complex numbers: the largest power of two that divides d/2, so that
/// rows have no tail.
template <class D>
inline constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

/// Calls `f` with the tag that suits rows of `half` complex numbers.
template <int64_t kTry = kMaxLanes, class F>
HWY_INLINE void with_lanes(int64_t half, F&& f) {
  if constexpr (kTry == 1) {
    f(hn::FixedTag<float, 1>());
  } else {
    if (half % kTry == 0) return f(hn::FixedTag<float, kTry>());
    with_lanes<kTry == 4 ? 1 : kTry / 2>(half, f);
  }
}

template <class D>
struct Complex {
  hn::Vec<D> re, im;
};

/// True for the two real numbers of slot 0, which stand in the first vector of a row.
template <class D>
HWY_INLINE hn::Mask<D> real_slot(D d, int64_t j) {
  return hn::Eq(hn::Iota(d, static_cast<float>(j)), hn::Zero(d));
}

template <class D>
HWY_INLINE Complex<D> load_complex(D d, const float* row, int64_t half, int64_t j) {
  return {hn::LoadU(d, row + j), hn::LoadU(d, row + half + j)};
}

template <class D>
HWY_INLINE void store_complex(D d, Complex<D> x, float* row, int64_t half, int64_t j) {
  hn::StoreU(x.re, d, row + j);
  hn::StoreU(x.im, d, row + half + j);
}

template <class D>
HWY_INLINE Complex<D> zero_complex(D d) {
  return {hn::Zero(d), hn::Zero(d)};
}

/// sum + x o y
template <class D>
HWY_INLINE Complex<D> mul_add(D, Complex<D> x, Complex<D> y, hn::Mask<D> real, Complex<D> sum) {
  const auto cross = hn::IfThenZeroElse(real, y.im);
  const auto along = hn::IfThenElse(real, y.im, y.re);
  return {hn::NegMulAdd(x.im, cross, hn::MulAdd(x.re, y.re, sum.re)),
          hn::MulAdd(x.im, along, hn::MulAdd(x.re, cross, sum.im))};
}

/// sum + conj(x) o y
template <class D>
HWY_INLINE Complex<D> conj_mul_add(D, Complex<D> x, Complex<D> y, hn::Mask<D> real,
                                   Complex<D> sum) {
  const auto cross = hn::IfThenZeroElse(real, y.im);
  const auto along = hn::IfThenElse(real, y.im, hn::Neg(y.re));
  return {hn::MulAdd(x.im, cross, hn::MulAdd(x.re, y.re, sum.re)),
          hn::MulAdd(x.im, along, hn::MulAdd(x.re, cross, sum.im))};
}

template <class D>
HWY_INLINE Complex<D> scaled(D, Complex<D> x, hn::Vec<D> by) {
  return {hn::Mul(x.re, by), hn::Mul(x.im, by)};
}

/// by x + sum
template <class D>
HWY_INLINE Complex<D> scaled_add(D, Complex<D> x, hn::Vec<D> by, Complex<D> sum) {
  return {hn::MulAdd(x.re, by, sum.re), hn::MulAdd(x.im, by, sum.im)};
}

/// <x, y> lane by lane, plus sum
template <class D>
HWY_INLINE hn::Vec<D> dot_add(D, Complex<D> x, Complex<D> y, hn::Vec<D> sum) {
  return hn::MulAdd(x.im, y.im, hn::MulAdd(x.re, y.re, sum));
}

/// lambda: 2 on slot 0, else 1.
template <class D>
HWY_INLINE hn::Vec<D> lambda(D d, hn::Mask<D> real) {
  return hn::IfThenElse(real, hn::Set(d, 2.0f), hn::Set(d, 1.0f));
}

struct AddOp {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Add(a, b);
  }
};
struct MaxOp {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Max(a, b);
  }
};

/// Lane i is the reduction of row i of `rows` (kRows rows of as many lanes as D has, aligned).
template <class Op, int64_t kRows, class D>
HWY_INLINE hn::Vec<D> reduce_rows(D d, const float* rows) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (kRows > 1) {
    const auto low = reduce_rows<Op, kRows / 2>(d, rows);
    const auto high = reduce_rows<Op, kRows / 2>(d, rows + kRows / 2 * kLanes<D>);
    return Op()(hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low));
  }
#endif
  return hn::Load(d, rows);
}

/// exp(x) for |x| <= 1, to 2e-7; NaN stays NaN. No max pass is needed: a cosine is bounded.
template <class D>
HWY_INLINE hn::Vec<D> exp_unit(D d, hn::Vec<D> x) {
  constexpr float kPolynomial[] = {2.687548658286687e-06f,
                                   2.5465647922828794e-05f,
                                   1.986475836019963e-04f,
                                   1.388342585414648e-03f,
                                   8.33314098417759e-03f,
                                   4.166684299707413e-02f,
                                   1.6666671633720398e-01f,
                                   4.999999701976776e-01f,
                                   1.0f,
                                   1.0f};
  auto sum = hn::Set(d, kPolynomial[0]);
  for (int i = 1; i < 10; ++i) sum = hn::MulAdd(sum, x, hn::Set(d, kPolynomial[i]));
  return sum;
}

}  // namespace regard::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
