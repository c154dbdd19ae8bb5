// Laws of holographic attention that hold whatever the numbers: causality, order, threads,
// invariants.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "kernels/hrr_fixture.hpp"
#include "regard/kernels/cpu/hrr_plan.hpp"

namespace regard::testing {
namespace {

class HrrLaws : public OnEveryTarget {};
INSTANTIATE_TEST_SUITE_P(, HrrLaws, every_target(), target_label);

double dot(const Rows& a, const Rows& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

bool same_bits(const Buffer& a, const Buffer& b) {
  return std::memcmp(a.data.data(), b.data.data(), a.data.size() * sizeof(float)) == 0;
}

TEST_P(HrrLaws, CausalOutputsDoNotSeeTheFuture) {
  const HrrProblem p{1, 2, 200, 32, nullptr, true, false};
  const Inputs in(p);
  const Outputs before = run_kernel(p, in);
  for (const int64_t cut : {1, 40, 64, 133}) {
    for (const float value : {1e20f, std::numeric_limits<float>::quiet_NaN()}) {
      Inputs changed = in;
      for (Buffer* x : {&changed.q, &changed.k, &changed.v}) {
        x->each([&](int64_t b, int64_t h, int64_t t, int64_t j) {
          if (t >= cut) x->at(b, h, t, j) = value;
        });
      }
      const Outputs after = run_kernel(p, changed);
      for (int64_t h = 0; h < 2; ++h) {
        for (int64_t t = 0; t < cut; ++t) {
          for (int64_t j = 0; j < p.width; ++j) {
            ASSERT_EQ(before.y.at(0, h, t, j), after.y.at(0, h, t, j)) << "token " << t;
          }
        }
      }
    }
  }
}

TEST_P(HrrLaws, WhatLiesBehindTheLengthIsNeverRead) {
  const std::vector<int64_t> lengths = {0, 1, 65};
  for (const bool causal : {false, true}) {
    const HrrProblem p{3, 2, 100, 16, lengths.data(), causal, true};
    Inputs in(p);
    const Outputs before = run_kernel(p, in);
    for (Buffer* x : {&in.q, &in.k, &in.v, &in.g}) {
      x->each([&](int64_t b, int64_t h, int64_t t, int64_t j) {
        if (t >= lengths[b]) x->at(b, h, t, j) = std::numeric_limits<float>::quiet_NaN();
      });
    }
    const Outputs after = run_kernel(p, in);
    EXPECT_TRUE(same_bits(before.y, after.y) && same_bits(before.dq, after.dq) &&
                same_bits(before.dk, after.dk) && same_bits(before.dv, after.dv));
    for (const Buffer* x : {&after.y, &after.dq, &after.dk, &after.dv}) {
      x->each([&](int64_t b, int64_t h, int64_t t, int64_t j) {
        if (t >= lengths[b]) {
          ASSERT_EQ(x->at(b, h, t, j), 0.0f);
        }
      });
    }
  }
}

template <class T>
void expect_nan_comes_through() {
  for (const bool causal : {false, true}) {
    const HrrProblem p{1, 1, 10, 8, nullptr, causal, false};
    Inputs in(p);
    in.q.at(0, 0, 4, 2) = std::numeric_limits<float>::quiet_NaN();
    const Outputs out = run_kernel<T>(p, in);
    EXPECT_TRUE(std::isnan(out.y.at(0, 0, 4, 0)) && std::isnan(out.y.at(0, 0, 9, 0)));
    EXPECT_EQ(std::isnan(out.y.at(0, 0, 3, 0)), !causal);
  }
}

TEST_P(HrrLaws, NanComesThrough) {
  expect_nan_comes_through<float>();
  expect_nan_comes_through<BFloat16>();
}

TEST_P(HrrLaws, GradientsAreOrthogonalToWhatTheCosineDoesNotSee) {
  for (const bool causal : {false, true}) {
    const HrrProblem p{1, 3, 150, 32, nullptr, causal, true};
    const Inputs in(p);
    const Outputs out = run_kernel(p, in);
    for (int64_t h = 0; h < p.heads; ++h) {
      const Rows q = in.q.head(0, h), dq = out.dq.head(0, h);
      for (int64_t t = 0; t < p.length; ++t) {
        const Rows one(&q[t * p.width], &q[t * p.width] + p.width);
        const Rows d(&dq[t * p.width], &dq[t * p.width] + p.width);
        EXPECT_LE(std::abs(dot(one, d)), 3e-6 * std::sqrt(dot(one, one) * dot(d, d)));
      }
      // <S, dS> = 0, and k enters through S alone: sum over t of <k_t, dk_t> = <S, dS>.
      const Rows k = in.k.head(0, h), dk = out.dk.head(0, h);
      EXPECT_LE(std::abs(dot(k, dk)), 3e-6 * std::sqrt(dot(k, k) * dot(dk, dk)));
    }
  }
}

TEST_P(HrrLaws, PermutedTokensGivePermutedRows) {
  const HrrProblem p{1, 1, 193, 16, nullptr, false, false};
  const Inputs in(p);
  std::vector<int64_t> order(p.length);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937(5));
  Inputs shuffled = in;
  const auto move = [&](const Buffer& from, Buffer& to) {
    for (int64_t t = 0; t < p.length; ++t)
      for (int64_t j = 0; j < p.width; ++j) to.at(0, 0, t, j) = from.at(0, 0, order[t], j);
  };
  move(in.q, shuffled.q), move(in.k, shuffled.k), move(in.v, shuffled.v), move(in.g, shuffled.g);
  Outputs plain = run_kernel(p, in);
  const Outputs out = run_kernel(p, shuffled);
  const auto expect_same = [&](Buffer& before, const Buffer& after) {
    const Buffer copy = before;
    move(copy, before);
    float size = 0;
    for (const float x : copy.data) size = std::max(size, x == kGuard ? 0 : std::abs(x));
    before.each([&](int64_t b, int64_t h, int64_t t, int64_t j) {
      ASSERT_NEAR(before.at(b, h, t, j), after.at(b, h, t, j), 1e-5 * size);
    });
  };
  expect_same(plain.y, out.y), expect_same(plain.dq, out.dq);
  expect_same(plain.dk, out.dk), expect_same(plain.dv, out.dv);
}

TEST_P(HrrLaws, WeightsStayInTheirBounds) {
  const HrrProblem p{1, 1, 500, 8, nullptr, false, true};
  Inputs in(p);
  const Outputs out = run_kernel(p, in);
  in.v.each([&](int64_t b, int64_t h, int64_t t, int64_t j) {
    const double weight = out.y.at(b, h, t, j) / in.v.at(b, h, t, j);  // T w
    ASSERT_GE(weight, std::exp(-2.0) * 0.99999);
    ASSERT_LE(weight, std::exp(2.0) * 1.00001);
  });
}

template <class T>
void expect_same_bits_on_threads() {
  const std::vector<int64_t> lengths = {300, 171};
  for (const bool causal : {false, true}) {
    const HrrProblem p{2, 3, 300, 32, lengths.data(), causal, true};
    const Inputs in = Inputs(p).rounded_to<T>();
    const Outputs one = run_kernel<T>(p, in);
    for (const int64_t threads : {2, 3, 5, 16}) {
      const Outputs many = run_kernel<T>(p, in, 0, on_threads(threads));
      EXPECT_TRUE(same_bits(one.y, many.y) && same_bits(one.dq, many.dq) &&
                  same_bits(one.dk, many.dk) && same_bits(one.dv, many.dv) && one.s == many.s &&
                  one.z == many.z);
    }
  }
}

TEST_P(HrrLaws, ThreadsDoNotChangeABit) {
  expect_same_bits_on_threads<float>();
  expect_same_bits_on_threads<BFloat16>();
}

TEST_P(HrrLaws, ChunksOfOneHeadAreSharedAmongThreads) {
  const HrrProblem p{1, 1, 10 * kernels::kHrrChunk, 8, nullptr, false, false};
  const Inputs in(p);
  int64_t units = 0;
  const Outputs counted =
      run_kernel(p, in, 0, [&](int64_t count, int64_t, const kernels::RangeBody& body) {
        units = std::max(units, count);
        for (int64_t i = count - 1; i >= 0; --i) body(i, i + 1);
      });
  EXPECT_EQ(units, 10);
  EXPECT_TRUE(same_bits(counted.dv, run_kernel(p, in).dv));
}

/// Large outputs on cache lines are written past the caches; one element further they are not.
template <class T>
void expect_same_bits_past_the_caches(int64_t length) {
  for (const bool causal : {false, true}) {
    const HrrProblem p{1, 2, length, 64, nullptr, causal, false};
    ASSERT_GE(length * 2 * 64 * static_cast<int64_t>(sizeof(T)), kernels::kHrrStreamBytes);
    static const Inputs in = Inputs(p).rounded_to<T>();  // many numbers: made once
    const Outputs streamed = run_kernel<T>(p, in, 0, on_threads(2));
    const Outputs stored = run_kernel<T>(p, in, 0, on_threads(2), 1);
    EXPECT_TRUE(same_bits(streamed.y, stored.y) && same_bits(streamed.dq, stored.dq) &&
                same_bits(streamed.dk, stored.dk) && same_bits(streamed.dv, stored.dv));
  }
}

TEST_P(HrrLaws, WritingPastTheCachesDoesNotChangeABit) {
  expect_same_bits_past_the_caches<float>(25000);
  expect_same_bits_past_the_caches<BFloat16>(50000);
}

TEST_P(HrrLaws, LongSumsStayAccurate) {
  // Keys and values with a mean let S and Z grow like T, where a plain chain would lose digits.
  const HrrProblem p{1, 1, 200000, 2, nullptr, false, false};
  Inputs in(p);
  in.k.each([&](int64_t b, int64_t h, int64_t t, int64_t j) { in.k.at(b, h, t, j) += 3; });
  in.v.each([&](int64_t b, int64_t h, int64_t t, int64_t j) { in.v.at(b, h, t, j) += 3; });
  const Outputs out = run_kernel(p, in);
  double s[2] = {}, z = 0;  // with d = 2 both numbers are real slots
  for (int64_t t = 0; t < p.length; ++t)
    for (int64_t j = 0; j < 2; ++j) s[j] += double{in.k.at(0, 0, t, j)} * in.v.at(0, 0, t, j);
  for (int64_t t = 0; t < p.length; ++t) {
    const double v0 = in.v.at(0, 0, t, 0), v1 = in.v.at(0, 0, t, 1);
    const double z0 = in.q.at(0, 0, t, 0) * s[0], z1 = in.q.at(0, 0, t, 1) * s[1];
    z += std::exp((v0 * z0 + v1 * z1) / std::sqrt((v0 * v0 + v1 * v1) * (z0 * z0 + z1 * z1)));
  }
  EXPECT_NEAR(out.s[0] / s[0], 1, 2e-7);
  EXPECT_NEAR(out.s[1] / s[1], 1, 2e-7);
  EXPECT_NEAR(out.z[0] / z, 1, 3e-7);
}

}  // namespace
}  // namespace regard::testing
