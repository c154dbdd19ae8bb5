#include "regard/kernels/cpu/circle.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "regard/kernels/cpu/circle.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace regard::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kUnroll = 4;  // vectors of particles that share a mode's coefficients

/// e^{i k t} of kUnroll vectors of particles, k counted up by `next`.
template <class D>
struct Waves {
  using V = hn::Vec<D>;
  V c[kUnroll], s[kUnroll], turn_c[kUnroll], turn_s[kUnroll];

  HWY_INLINE void start(D d, const double* cosine, const double* sine) {
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    for (int64_t u = 0; u < kUnroll; ++u) {
      c[u] = turn_c[u] = hn::LoadU(d, cosine + u * lanes);
      s[u] = turn_s[u] = hn::LoadU(d, sine + u * lanes);
    }
  }
  HWY_INLINE void next() {
    for (int64_t u = 0; u < kUnroll; ++u) {
      const auto real = hn::NegMulAdd(s[u], turn_s[u], hn::Mul(c[u], turn_c[u]));
      s[u] = hn::MulAdd(s[u], turn_c[u], hn::Mul(c[u], turn_s[u]));
      c[u] = real;
    }
  }
};

/// moments (2, M + 1) of the particles [begin, end): cosines, then sines, by mass.
void moments(const cpu::Circle& p, const double* cosine, const double* sine, int64_t begin,
             int64_t end, double* sums) {
  const hn::ScalableTag<double> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d)), block = kUnroll * lanes;
  std::vector<double> part(static_cast<std::size_t>(2 * (p.modes + 1) * lanes), 0.0);
  std::vector<double> c(static_cast<std::size_t>(block)), s(c.size()), m(c.size());
  Waves<decltype(d)> waves;
  for (int64_t first = begin; first < end; first += block) {
    const int64_t many = std::min(block, end - first);
    std::fill(m.begin(), m.end(), 0.0);
    std::copy_n(cosine + first, many, c.begin());
    std::copy_n(sine + first, many, s.begin());
    std::copy_n(p.mass + first, many, m.begin());
    waves.start(d, c.data(), s.data());
    for (int64_t u = 0; u < kUnroll; ++u) {
      const auto zero = hn::LoadU(d, part.data());
      hn::StoreU(hn::Add(zero, hn::LoadU(d, m.data() + u * lanes)), d, part.data());
    }
    for (int64_t k = 1; k <= p.modes; ++k) {
      double* const at = part.data() + 2 * k * lanes;
      auto real = hn::LoadU(d, at), imaginary = hn::LoadU(d, at + lanes);
      for (int64_t u = 0; u < kUnroll; ++u) {
        const auto mass = hn::LoadU(d, m.data() + u * lanes);
        real = hn::MulAdd(mass, waves.c[u], real);
        imaginary = hn::MulAdd(mass, waves.s[u], imaginary);
      }
      hn::StoreU(real, d, at);
      hn::StoreU(imaginary, d, at + lanes);
      waves.next();
    }
  }
  for (int64_t k = 0; k <= p.modes; ++k) {
    const double* const at = part.data() + 2 * k * lanes;
    sums[2 * k] = hn::GetLane(hn::SumOfLanes(d, hn::LoadU(d, at)));
    sums[2 * k + 1] = hn::GetLane(hn::SumOfLanes(d, hn::LoadU(d, at + lanes)));
  }
}

/// Z and Z' / b of the particles [begin, end) from series (2, M + 1): 2 c_k C_k and 2 c_k S_k.
void evaluate(const cpu::Circle& p, const double* cosine, const double* sine, const double* series,
              int64_t begin, int64_t end, double* v, double* z) {
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d)), block = kUnroll * lanes;
  std::vector<double> c(static_cast<std::size_t>(block), 1.0), s(c.size(), 0.0), value(c.size()),
      slope(c.size());
  Waves<decltype(d)> waves;
  for (int64_t first = begin; first < end; first += block) {
    const int64_t many = std::min(block, end - first);
    std::copy_n(cosine + first, many, c.begin());
    std::copy_n(sine + first, many, s.begin());
    waves.start(d, c.data(), s.data());
    V sum[kUnroll], turn[kUnroll];
    for (int64_t u = 0; u < kUnroll; ++u) {
      sum[u] = hn::Set(d, series[0]);
      turn[u] = hn::Zero(d);
    }
    for (int64_t k = 1; k <= p.modes; ++k) {
      const auto real = hn::Set(d, series[2 * k]), imaginary = hn::Set(d, series[2 * k + 1]);
      const auto order = static_cast<double>(k) / p.beta;
      const auto kr = hn::Set(d, order * series[2 * k]), ki = hn::Set(d, order * series[2 * k + 1]);
      for (int64_t u = 0; u < kUnroll; ++u) {
        sum[u] = hn::MulAdd(real, waves.c[u], hn::MulAdd(imaginary, waves.s[u], sum[u]));
        turn[u] = hn::MulAdd(ki, waves.c[u], hn::NegMulAdd(kr, waves.s[u], turn[u]));
      }
      waves.next();
    }
    for (int64_t u = 0; u < kUnroll; ++u) {
      hn::StoreU(sum[u], d, value.data() + u * lanes);
      hn::StoreU(turn[u], d, slope.data() + u * lanes);
    }
    for (int64_t i = 0; i < many; ++i) {
      v[first + i] = p.normalised ? slope[i] / value[i] : slope[i];
      if (z != nullptr) z[first + i] = value[i];
    }
  }
}

const char* circle_target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace regard::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace regard::kernels {

HWY_EXPORT(moments);
HWY_EXPORT(evaluate);
HWY_EXPORT(circle_target_name);

namespace cpu {

int64_t circle_modes(double beta, double tolerance) {
  return static_cast<int64_t>(std::ceil(std::sqrt(2 * beta * std::log(1 / tolerance))));
}

void circle_velocity(const Circle& p, double* v, double* z, const ParallelFor& parallel) {
  constexpr int64_t kChunk = 4096;  // particles whose moments are summed at once
  const int64_t chunks = (p.count + kChunk - 1) / kChunk, length = 2 * (p.modes + 1);
  std::vector<double> cosine(static_cast<std::size_t>(p.count)), sine(cosine.size());
  std::vector<double> parts(static_cast<std::size_t>(chunks * length));
  parallel(chunks, 1, [&](int64_t from, int64_t to) {
    for (int64_t chunk = from; chunk < to; ++chunk) {
      const int64_t begin = chunk * kChunk, end = std::min(p.count, begin + kChunk);
      for (int64_t i = begin; i < end; ++i) {
        cosine[i] = std::cos(p.angle[i]);
        sine[i] = std::sin(p.angle[i]);
      }
      HWY_DYNAMIC_DISPATCH(moments)
      (p, cosine.data(), sine.data(), begin, end, parts.data() + chunk * length);
    }
  });
  std::vector<double> series(static_cast<std::size_t>(length), 0.0);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    for (int64_t k = 0; k < length; ++k) series[k] += parts[chunk * length + k];
  }
  for (int64_t k = 0; k < length; ++k) series[k] *= (k < 2 ? 1 : 2) * p.coefficient[k / 2];
  parallel(chunks, 1, [&](int64_t from, int64_t to) {
    HWY_DYNAMIC_DISPATCH(evaluate)
    (p, cosine.data(), sine.data(), series.data(), from * kChunk, std::min(p.count, to * kChunk), v,
     z);
  });
}

const char* circle_target() { return HWY_DYNAMIC_DISPATCH(circle_target_name)(); }

}  // namespace cpu
}  // namespace regard::kernels
#endif
