// Runs the holographic kernel on every SIMD target that was compiled and that this machine has, in
// strided buffers with guard words and NaN-poisoned outputs.
#pragma once

#include <gtest/gtest.h>
#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "kernels/hrr_reference.hpp"
#include "regard/kernels/cpu/hrr.hpp"

namespace regard::testing {

using kernels::BFloat16;
using kernels::HeadView;
using kernels::HrrProblem;

inline constexpr float kGuard = 1232.0f;  // a number of bf16 too

/// (B, h, T, d) as a view into (B, T, h, d) with `gap` guard words behind each row.
struct Buffer {
  int64_t B, h, T, d, gap;
  std::vector<float> data;

  Buffer(const HrrProblem& p, float fill, int64_t gap = 0)
      : B(p.batch), h(p.heads), T(p.length), d(p.width), gap(gap) {
    data.assign(B * T * h * (d + gap) + 16, kGuard);
    each([&](int64_t b, int64_t i, int64_t t, int64_t j) { at(b, i, t, j) = fill; });
  }

  int64_t offset(int64_t b, int64_t i, int64_t t) const {
    return ((b * T + t) * h + i) * (d + gap);
  }
  float& at(int64_t b, int64_t i, int64_t t, int64_t j) { return data[offset(b, i, t) + j]; }
  float at(int64_t b, int64_t i, int64_t t, int64_t j) const { return data[offset(b, i, t) + j]; }

  template <class F>
  void each(F&& f) const {
    for (int64_t b = 0; b < B; ++b)
      for (int64_t i = 0; i < h; ++i)
        for (int64_t t = 0; t < T; ++t)
          for (int64_t j = 0; j < d; ++j) f(b, i, t, j);
  }

  template <class V>
  HeadView<V> view_as(V* first) const {
    return {first, T * h * (d + gap), d + gap, h * (d + gap)};
  }
  HeadView<float> view() { return view_as(data.data()); }
  HeadView<const float> view() const { return view_as(data.data()); }

  Rows head(int64_t b, int64_t i) const {
    Rows rows(T * d);
    for (int64_t t = 0; t < T; ++t)
      for (int64_t j = 0; j < d; ++j) rows[t * d + j] = at(b, i, t, j);
    return rows;
  }

  void set_head(int64_t b, int64_t i, const Rows& rows) {
    for (int64_t t = 0; t < T; ++t)
      for (int64_t j = 0; j < d; ++j) at(b, i, t, j) = static_cast<float>(rows[t * d + j]);
  }

  void expect_guards() const {
    std::vector<float> copy = data;
    each([&](int64_t b, int64_t i, int64_t t, int64_t j) { copy[offset(b, i, t) + j] = kGuard; });
    for (const float x : copy) ASSERT_EQ(x, kGuard) << "a guard word was overwritten";
  }
};

struct Inputs {
  Buffer q, k, v, g;

  /// The same, rounded to what T holds.
  template <class T>
  Inputs rounded_to() const;

  explicit Inputs(const HrrProblem& p, int64_t gap = 0, unsigned seed = 1)
      : q(p, 0, gap), k(p, 0, gap), v(p, 0, gap), g(p, 0, gap) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (Buffer* x : {&q, &k, &v, &g}) {
      x->each(
          [&](int64_t b, int64_t i, int64_t t, int64_t j) { x->at(b, i, t, j) = normal(random); });
    }
  }
};

template <class T>
T narrow(float x) {
  if constexpr (std::is_same_v<T, float>) {
    return x;
  } else {
    const auto bits = std::bit_cast<uint32_t>(x);
    if (std::isnan(x)) return {static_cast<uint16_t>(bits >> 16 | 0x40)};
    return {static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
  }
}
inline float widen(float x) { return x; }
inline float widen(BFloat16 x) { return std::bit_cast<float>(uint32_t{x.bits} << 16); }

template <class T>
Inputs Inputs::rounded_to() const {
  Inputs out = *this;
  for (Buffer* x : {&out.q, &out.k, &out.v, &out.g}) {
    for (float& word : x->data) word = widen(narrow<T>(word));
  }
  return out;
}

/// A buffer as the kernel stores it, `shift` elements behind a cache line.
template <class T>
struct Stored {
  const Buffer& shape;
  hwy::AlignedFreeUniquePtr<T[]> data;
  int64_t shift;

  explicit Stored(const Buffer& x, int64_t shift = 0)
      : shape(x), data(hwy::AllocateAligned<T>(x.data.size() + shift)), shift(shift) {
    for (size_t i = 0; i < x.data.size(); ++i) data[shift + i] = narrow<T>(x.data[i]);
  }
  HeadView<const T> in() const { return shape.view_as<const T>(data.get() + shift); }
  HeadView<T> out() { return shape.view_as<T>(data.get() + shift); }
  void read(Buffer& to) const {
    for (size_t i = 0; i < to.data.size(); ++i) to.data[i] = widen(data[shift + i]);
  }
};

struct Outputs {
  Buffer y, dq, dk, dv;
  std::vector<float> s, z;
};

template <class T = float>
Outputs run_kernel(const HrrProblem& p, const Inputs& in, int64_t gap = 0,
                   const kernels::ParallelFor& parallel = kernels::run_serially,
                   int64_t shift = 0) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Buffer poison(p, nan, gap);
  Outputs out{poison, poison, poison, poison, {}, {}};
  const int64_t states = p.batch * p.heads * hrr_states(p);
  out.s.assign(states * p.width, nan);
  out.z.assign(states, nan);
  const Stored<T> q(in.q), k(in.k), v(in.v), g(in.g);
  Stored<T> y(poison, shift), dq(poison, shift), dk(poison, shift), dv(poison, shift);
  hrr_forward(p, q.in(), k.in(), v.in(), y.out(), out.s.data(), out.z.data(), parallel);
  hrr_backward(p, q.in(), k.in(), v.in(), g.in(), out.s.data(), out.z.data(), dq.out(), dk.out(),
               dv.out(), parallel);
  y.read(out.y), dq.read(out.dq), dk.read(out.dk), dv.read(out.dv);
  return out;
}

/// One range a thread, the last range first.
inline kernels::ParallelFor on_threads(int64_t threads) {
  return [threads](int64_t count, int64_t, const kernels::RangeBody& body) {
    std::vector<std::thread> pool;
    for (int64_t i = threads - 1; i >= 0; --i) {
      const int64_t begin = count * i / threads, end = count * (i + 1) / threads;
      if (begin < end) pool.emplace_back([&body, begin, end] { body(begin, end); });
    }
    for (auto& thread : pool) thread.join();
  };
}

class OnEveryTarget : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    hwy::SetSupportedTargetsForTest(GetParam());
    hwy::GetChosenTarget().Update(GetParam());
    ASSERT_STREQ(kernels::hrr_target(), hwy::TargetName(GetParam()));
  }
  void TearDown() override {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
};

inline auto every_target() { return ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()); }

inline std::string target_label(const ::testing::TestParamInfo<int64_t>& info) {
  return hwy::TargetName(info.param);
}

}  // namespace regard::testing
