// Powers of two and the sums over pairs, for each target. Included once for each by particles.cpp.
#if defined(REGARD_PARTICLES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef REGARD_PARTICLES_INL
#undef REGARD_PARTICLES_INL
#else
#define REGARD_PARTICLES_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "regard/kernels/cpu/particles_plan.hpp"

HWY_BEFORE_NAMESPACE();
namespace regard::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// -O2 leaves loops over a few vectors as loops, with the vectors in memory.
#undef REGARD_UNROLL
#if HWY_TARGET == HWY_SCALAR
#define REGARD_UNROLL
#else
#define REGARD_UNROLL _Pragma("GCC unroll 16")
#endif

/// The nearest polynomials to 2^f on [-1/2, 1/2]: 2e-9 and 3e-18.
template <class T>
struct ExpTwo;
template <>
struct ExpTwo<float> {
  static constexpr float kLeast = -127.0f, kMagic = 12582912.0f;  // 1.5 * 2^23
  static constexpr int kMantissa = 23;
  static constexpr float kPolynomial[] = {1.5461444698569129e-4f,
                                          1.3400428177615838e-3f,
                                          9.6180566785246381e-3f,
                                          5.5503272266703021e-2f,
                                          0.24022650922288758f,
                                          0.6931472067028326f,
                                          1.0f};
};
template <>
struct ExpTwo<double> {
  static constexpr double kLeast = -1023.0, kMagic = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr int kMantissa = 52;
  static constexpr double kPolynomial[] = {
      4.4558179083360645e-10, 7.074194297288521e-9,  1.0178057087733941e-7, 1.3215432535912376e-6,
      1.5252733841556773e-5,  1.5403530463724354e-4, 1.3333558146406471e-3, 9.6181291075872567e-3,
      5.5504108664821627e-2,  0.2402265069591016,    0.69314718055994531,   1.0};
};

/// 2^y for y <= 1; 0 from kLeast on, where the exponent's bits are 0 too.
template <class D, class V>
HWY_INLINE V exp_two(D d, V y) {
  using T = hn::TFromD<D>;
  using E = ExpTwo<T>;
  const hn::RebindToSigned<D> di;
  const auto magic = hn::Set(d, E::kMagic);
  const auto safe = hn::Max(hn::Set(d, E::kLeast), y);
  const auto shifted = hn::Add(safe, magic);  // the whole part stands in the lowest bits
  const auto f = hn::Sub(safe, hn::Sub(shifted, magic));
  auto p = hn::Set(d, E::kPolynomial[0]);
  REGARD_UNROLL
  for (std::size_t i = 1; i < std::size(E::kPolynomial); ++i)
    p = hn::MulAdd(p, f, hn::Set(d, E::kPolynomial[i]));
  const auto power = hn::ShiftLeft<E::kMantissa>(hn::BitCast(di, shifted));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), power));
}

inline constexpr int64_t kPairBlock = 256;  // sums of so many terms are added to the total

/// v of one particle from `sum`, which is a in the units of the packed x, and Z.
template <class T>
HWY_INLINE void write_velocity(const PairPlan<T>& plan, const T* x, const T* sum, int64_t step,
                               T total, T* v) {
  T along = 0;
  for (int64_t c = 0; c < plan.width; ++c) along += sum[c * step] * x[c];
  const T by = plan.unit / (plan.normalised ? total : 1 / plan.heaviest);
  for (int64_t c = 0; c < plan.width; ++c) v[c] = by * (sum[c * step] - along * x[c]);
}

/// kMany vectors of particles from `first` on against all, from differences. kDim is the packed
/// width.
template <int kDim, int kMany, class D, class T>
HWY_INLINE void pairs_by_differences(D d, const PairPlan<T>& plan, int64_t first, T* sums,
                                     T* totals) {
  using V = hn::Vec<D>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  V x[kMany][kDim], sum[kMany][kDim], total[kMany];
  REGARD_UNROLL
  for (int u = 0; u < kMany; ++u) {
    total[u] = hn::Zero(d);
    REGARD_UNROLL
    for (int c = 0; c < kDim; ++c) {
      x[u][c] = hn::LoadU(d, plan.columns + c * plan.padded + first + u * lanes);
      hn::StoreU(hn::Zero(d), d, sums + (c * kMany + u) * lanes);
    }
  }
  for (int64_t block = 0; block < plan.count; block += kPairBlock) {
    const int64_t end = std::min(plan.count, block + kPairBlock);
    V weight[kMany];
    REGARD_UNROLL
    for (int u = 0; u < kMany; ++u) {
      weight[u] = hn::Zero(d);
      REGARD_UNROLL
      for (int c = 0; c < kDim; ++c) sum[u][c] = hn::Zero(d);
    }
    for (int64_t j = block; j < end; ++j) {
      const T* const row = plan.rows + j * plan.stride;
      const auto log_mass = hn::Set(d, plan.log_mass[j]);
      REGARD_UNROLL
      for (int u = 0; u < kMany; ++u) {
        V away[kDim];
        auto power = log_mass;
        REGARD_UNROLL
        for (int c = 0; c < kDim; ++c) {
          away[c] = hn::Sub(hn::Set(d, row[c]), x[u][c]);
          power = hn::NegMulAdd(away[c], away[c], power);
        }
        const auto w = exp_two(d, power);
        weight[u] = hn::Add(weight[u], w);
        REGARD_UNROLL
        for (int c = 0; c < kDim; ++c) sum[u][c] = hn::MulAdd(w, away[c], sum[u][c]);
      }
    }
    REGARD_UNROLL
    for (int u = 0; u < kMany; ++u) {
      total[u] = hn::Add(total[u], weight[u]);
      REGARD_UNROLL
      for (int c = 0; c < kDim; ++c) {
        T* const at = sums + (c * kMany + u) * lanes;
        hn::StoreU(hn::Add(hn::LoadU(d, at), sum[u][c]), d, at);
      }
    }
  }
  REGARD_UNROLL
  for (int u = 0; u < kMany; ++u) hn::StoreU(total[u], d, totals + u * lanes);
}

// A tile of dots: particles, and vectors of keys or of coordinates, whose sums fit in registers.
#if HWY_MAX_BYTES >= 64
inline constexpr int64_t kRows = 6, kVectors = 4;
#else
inline constexpr int64_t kRows = 4, kVectors = 2;
#endif
inline constexpr int64_t kTiles =
    8;  // tiles of particles that meet the same keys while these are in the cache

/// Weights of kRows particles for kVectors vectors of keys from j on: w (kRows, kVectors * lanes).
template <class D, class T>
HWY_INLINE void weigh_tile(D d, const PairPlan<T>& plan, int64_t first, int64_t j, T* w,
                           hn::Vec<D>* total) {
  using V = hn::Vec<D>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  V dot[kRows][kVectors];
  REGARD_UNROLL
  for (int64_t r = 0; r < kRows; ++r) {
    REGARD_UNROLL
    for (int64_t k = 0; k < kVectors; ++k) dot[r][k] = hn::Zero(d);
  }
  for (int64_t c = 0; c < plan.width; ++c) {
    const T* const column = plan.columns + j * plan.stride + c * kVectors * lanes;
    V key[kVectors];
    REGARD_UNROLL
    for (int64_t k = 0; k < kVectors; ++k) key[k] = hn::LoadU(d, column + k * lanes);
    REGARD_UNROLL
    for (int64_t r = 0; r < kRows; ++r) {
      const auto x = hn::Set(d, plan.rows[(first + r) * plan.stride + c]);
      REGARD_UNROLL
      for (int64_t k = 0; k < kVectors; ++k) dot[r][k] = hn::MulAdd(x, key[k], dot[r][k]);
    }
  }
  const auto two = hn::Set(d, T{2});
  REGARD_UNROLL
  for (int64_t r = 0; r < kRows; ++r) {
    const auto own = hn::Set(d, plan.square[first + r]);
    REGARD_UNROLL
    for (int64_t k = 0; k < kVectors; ++k) {
      // -|x - y|^2, never above 0 however it is rounded; then the mass.
      const auto far =
          hn::Sub(hn::Sub(hn::Mul(two, dot[r][k]), own), hn::LoadU(d, plan.square + j + k * lanes));
      const auto power =
          hn::Add(hn::Min(far, hn::Zero(d)), hn::LoadU(d, plan.log_mass + j + k * lanes));
      const auto weight = exp_two(d, power);
      total[r] = hn::Add(total[r], weight);
      hn::StoreU(weight, d, w + (r * kVectors + k) * lanes);
    }
  }
}

/// sums (kRows, stride) += w times the rows of the keys from j on.
template <class D, class T>
HWY_INLINE void gather_tile(D d, const PairPlan<T>& plan, int64_t j, const T* w, T* sums) {
  using V = hn::Vec<D>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t keys = kVectors * lanes;
  for (int64_t c = 0; c < plan.stride; c += kVectors * lanes) {
    V sum[kRows][kVectors];
    REGARD_UNROLL
    for (int64_t r = 0; r < kRows; ++r) {
      REGARD_UNROLL
      for (int64_t k = 0; k < kVectors; ++k)
        sum[r][k] = hn::LoadU(d, sums + r * plan.stride + c + k * lanes);
    }
    for (int64_t key = 0; key < keys; ++key) {
      const T* const row = plan.rows + (j + key) * plan.stride + c;
      V value[kVectors];
      REGARD_UNROLL
      for (int64_t k = 0; k < kVectors; ++k) value[k] = hn::LoadU(d, row + k * lanes);
      REGARD_UNROLL
      for (int64_t r = 0; r < kRows; ++r) {
        const auto weight = hn::Set(d, w[r * keys + key]);
        REGARD_UNROLL
        for (int64_t k = 0; k < kVectors; ++k) sum[r][k] = hn::MulAdd(weight, value[k], sum[r][k]);
      }
    }
    REGARD_UNROLL
    for (int64_t r = 0; r < kRows; ++r) {
      REGARD_UNROLL
      for (int64_t k = 0; k < kVectors; ++k)
        hn::StoreU(sum[r][k], d, sums + r * plan.stride + c + k * lanes);
    }
  }
}

}  // namespace regard::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
