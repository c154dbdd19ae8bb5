#include "regard/kernels/cpu/rotate.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "regard/kernels/cpu/rotate.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "regard/kernels/cpu/rows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace regard::kernels::HWY_NAMESPACE {

/// Sines and cosines of one place after the other.
class Angles {
 public:
  explicit Angles(int64_t half, bool back) {
    for (int64_t i = 0; i < half; ++i) {
      frequency_.push_back((back ? -1 : 1) * std::exp(-std::log(10000.0) * static_cast<double>(i) /
                                                      static_cast<double>(half)));
      step_.push_back({std::cos(frequency_.back()), std::sin(frequency_.back())});
    }
    at_.resize(frequency_.size());
    cosine.resize(frequency_.size());
    sine.resize(frequency_.size());
  }

  void start(int64_t t) {
    for (std::size_t i = 0; i < at_.size(); ++i) {
      const double angle = static_cast<double>(t) * frequency_[i];
      at_[i] = {std::cos(angle), std::sin(angle)};
    }
    publish();
  }

  void next() {
    for (std::size_t i = 0; i < at_.size(); ++i) {
      const auto [c, s] = at_[i];
      at_[i] = {c * step_[i].c - s * step_[i].s, s * step_[i].c + c * step_[i].s};
    }
    publish();
  }

  std::vector<float> cosine, sine;

 private:
  struct Unit {
    double c, s;
  };
  void publish() {
    for (std::size_t i = 0; i < at_.size(); ++i) {
      cosine[i] = static_cast<float>(at_[i].c);
      sine[i] = static_cast<float>(at_[i].s);
    }
  }
  std::vector<double> frequency_;
  std::vector<Unit> step_, at_;
};

template <class D, class T>
HWY_INLINE void turn(D d, const T* from, T* to, int64_t half, const Angles& angles, int64_t i) {
  const auto x = load_complex(d, from, half, i);
  const auto c = hn::LoadU(d, angles.cosine.data() + i), s = hn::LoadU(d, angles.sine.data() + i);
  write(d, hn::NegMulAdd(x.im, s, hn::Mul(x.re, c)), to + i, false);
  write(d, hn::MulAdd(x.re, s, hn::Mul(x.im, c)), to + half + i, false);
}

template <class T>
void turn_rows(const cpu::Rotation& r, const T* x, T* y, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t half = r.width / 2;
  Angles angles(half, r.back);
  const int64_t last = std::min(end * cpu::kRotationPlaces, r.time);
  for (int64_t t = begin * cpu::kRotationPlaces; t < last; ++t) {
    t % cpu::kRotationPlaces == 0 ? angles.start(t) : angles.next();
    for (int64_t b = 0; b < r.batch; ++b) {
      const int64_t place = (b * r.time + t) * r.parts * r.heads * r.width;
      const int64_t turned = r.rotated * r.heads * r.width, all = r.parts * r.heads * r.width;
      for (int64_t row = 0; row < turned; row += r.width) {
        const T* const from = x + place + row;
        T* const to = y + place + row;
        int64_t i = 0;
        for (; i + lanes <= half; i += lanes) turn(d, from, to, half, angles, i);
        for (; i < half; ++i) turn(one, from, to, half, angles, i);
        if (r.width % 2 == 1) to[r.width - 1] = from[r.width - 1];
      }
      std::copy(x + place + turned, x + place + all, y + place + turned);
    }
  }
}

void rotate_float(const cpu::Rotation& r, const float* x, float* y, int64_t begin, int64_t end) {
  turn_rows(r, x, y, begin, end);
}
void rotate_bfloat16(const cpu::Rotation& r, const BFloat16* x, BFloat16* y, int64_t begin,
                     int64_t end) {
  turn_rows(r, x, y, begin, end);
}
const char* rotate_target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace regard::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace regard::kernels {

HWY_EXPORT(rotate_float);
HWY_EXPORT(rotate_bfloat16);
HWY_EXPORT(rotate_target_name);

namespace cpu {

template <>
void rotate(const Rotation& problem, const float* x, float* y, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(rotate_float)(problem, x, y, begin, end);
}

template <>
void rotate(const Rotation& problem, const BFloat16* x, BFloat16* y, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(rotate_bfloat16)(problem, x, y, begin, end);
}

const char* rotate_target() { return HWY_DYNAMIC_DISPATCH(rotate_target_name)(); }

}  // namespace cpu
}  // namespace regard::kernels
#endif
