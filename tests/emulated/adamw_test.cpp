// The CUDA kernels that end a training step, run on the CPU, against AdamW in double.
#define REGARD_EMULATE_CUDA
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "emulated/values.hpp"
#include "regard/kernels/cuda/adamw.cu"
#include "regard/kernels/cuda/set_scalars.cu"

namespace regard::kernels::cuda {
namespace {

using testing::floats;
using testing::normal;
using testing::Values;

constexpr float kGuard = 12345.0f;
constexpr int64_t kMargin = 8;

/// Memory on a boundary of 16 bytes plus `shift` floats, with guards on both sides.
struct Buffer {
  Buffer(const Values& values, int64_t shift) : count(static_cast<int64_t>(values.size())) {
    all.resize((count + shift + 2 * kMargin + 3) / 4 + 1);
    auto* const first = reinterpret_cast<float*>(all.data());
    std::fill(first, first + all.size() * 4, kGuard);
    offset = kMargin + shift;
    std::transform(values.begin(), values.end(), data(),
                   [](double x) { return static_cast<float>(x); });
  }
  float* data() { return reinterpret_cast<float*>(all.data()) + offset; }
  std::vector<float> values() { return {data(), data() + count}; }
  bool guarded() {
    const auto* const first = reinterpret_cast<float*>(all.data());
    const auto is_guard = [](float x) { return x == kGuard; };
    return std::all_of(first, first + offset, is_guard) &&
           std::all_of(first + offset + count, first + all.size() * 4, is_guard);
  }
  std::vector<float4> all;
  int64_t count, offset = 0;
};

struct Shape {
  int64_t count, shift;
  double decay;
};

/// The same steps by the kernels and by the equations in double.
struct Steps {
  Steps(const std::vector<Shape>& shapes_, AdamWRule rule_) : shapes(shapes_), rule(rule_) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const auto& s = shapes[i];
      exact_w.push_back(normal(s.count, 1000 + static_cast<int>(i)));
      exact_m.emplace_back(s.count, 0.0);
      exact_v.emplace_back(s.count, 0.0);
      // Moments and weights are shifted alike; gradients lie on their own boundaries.
      w.emplace_back(exact_w[i], s.shift);
      m.emplace_back(exact_m[i], s.shift);
      v.emplace_back(exact_v[i], s.shift);
      g.emplace_back(exact_m[i], s.shift == 2 ? 0 : s.shift);
    }
  }

  Values gradient(std::size_t tensor) const {
    return normal(shapes[tensor].count, static_cast<int>(17 * tensor + 7919 * (step + 1)));
  }

  /// Gradients of this step into the buffers; `poison` puts a NaN at the end of the last one.
  void fill(bool poison) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const auto values = floats(gradient(i));
      std::copy(values.begin(), values.end(), g[i].data());
    }
    if (poison) g.back().data()[g.back().count - 1] = std::numeric_limits<float>::quiet_NaN();
  }

  int kernels() {
    std::vector<AdamWTensor> tensors;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      tensors.push_back({w[i].data(), g[i].data(), m[i].data(), v[i].data(), shapes[i].count,
                         static_cast<float>(shapes[i].decay)});
    }
    const auto count = static_cast<int64_t>(tensors.size());
    const int64_t floats_wanted = adamw_scratch(tensors.data(), count);
    std::vector<double> scratch(floats_wanted / 2 + 2, NAN);
    auto* const first = reinterpret_cast<float*>(scratch.data());
    first[floats_wanted] = kGuard;
    const StepState state = {&lr, &loss, &step, &updates, ring.data(), kCapacity, &bad, &bad_step};
    const int status = adamw_step(tensors.data(), count, rule, state, first, nullptr);
    EXPECT_EQ(first[floats_wanted], kGuard);
    return status;
  }

  /// One update by the equations; returns the norm before clipping.
  double equations() {
    ++t;
    double squares = 0;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      for (const double x : gradient(i)) squares += x * x;
    }
    const double norm = std::sqrt(squares);
    const double divisor = rule.clip > 0 ? std::max(norm / rule.clip, 1.0) : 1.0;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const auto gradients = gradient(i);
      for (int64_t j = 0; j < shapes[i].count; ++j) {
        const double x = gradients[j] / divisor;
        auto &mean = exact_m[i][j], &square = exact_v[i][j], &weight = exact_w[i][j];
        mean = rule.beta1 * mean + (1 - rule.beta1) * x;
        square = rule.beta2 * square + (1 - rule.beta2) * x * x;
        const double root = std::sqrt(square / (1 - std::pow(rule.beta2, t))) + rule.eps;
        weight -=
            lr * shapes[i].decay * weight + lr * (mean / (1 - std::pow(rule.beta1, t))) / root;
      }
    }
    return norm;
  }

  void expect_equal() {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      double off_w = 0, off_m = 0, off_v = 0, size_m = 0, size_v = 0;
      for (int64_t j = 0; j < shapes[i].count; ++j) {
        off_w = std::max(off_w, std::abs(w[i].data()[j] - exact_w[i][j]));
        off_m = std::max(off_m, std::abs(m[i].data()[j] - exact_m[i][j]));
        off_v = std::max(off_v, std::abs(v[i].data()[j] - exact_v[i][j]));
        size_m = std::max(size_m, std::abs(exact_m[i][j]));
        size_v = std::max(size_v, exact_v[i][j]);
      }
      // Weights of up to 5 round at 2.4e-7 a step.
      EXPECT_LT(off_w, 2e-6) << "tensor " << i << " of " << shapes[i].count;
      EXPECT_LE(off_m, 1e-6 * size_m) << "tensor " << i;
      EXPECT_LE(off_v, 2e-6 * size_v) << "tensor " << i;
      EXPECT_TRUE(w[i].guarded() && m[i].guarded() && v[i].guarded() && g[i].guarded());
    }
  }

  std::vector<std::vector<float>> everything() {
    std::vector<std::vector<float>> all = {{updates}};
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      for (auto* buffer : {&w[i], &m[i], &v[i]}) all.push_back(buffer->values());
    }
    return all;
  }

  static constexpr int64_t kCapacity = 4;
  std::vector<Shape> shapes;
  AdamWRule rule;
  std::vector<Values> exact_w, exact_m, exact_v;
  std::vector<Buffer> w, g, m, v;
  float lr = 1e-2f, loss = 0, updates = 0, bad = NAN;
  int64_t step = 0, bad_step = -1;
  std::vector<float> ring = std::vector<float>(2 * kCapacity, NAN);
  int t = 0;
};

const AdamWRule kRule = {0.9, 0.999, 1e-8, 0};

AdamWRule clipped(double clip) {
  auto rule = kRule;
  rule.clip = clip;
  return rule;
}

void train(Steps& run, int steps) {
  for (int i = 0; i < steps; ++i) {
    run.lr = 1e-2f / static_cast<float>(i + 1);
    run.loss = 0.5f * static_cast<float>(i);
    run.fill(false);
    ASSERT_EQ(run.kernels(), 0);
    const double norm = run.equations();
    const float* const row = run.ring.data() + 2 * (run.step % Steps::kCapacity);
    EXPECT_EQ(row[0], run.loss);
    EXPECT_NEAR(row[1], norm, 1e-6 * norm);
    EXPECT_EQ(run.bad, 0.0f);
    EXPECT_EQ(run.updates, static_cast<float>(i + 1));
    ++run.step;
  }
  EXPECT_EQ(run.bad_step, -1);
}

TEST(EmulatedAdamW, FollowsTheEquationsAtAnySizeAndAlignment) {
  std::vector<Shape> shapes;
  for (const int64_t count : {1, 3, 4, 1023, 2048, 4097}) {
    for (const int64_t shift : {0, 1, 2, 3}) shapes.push_back({count, shift, 0.1 * (count % 2)});
  }
  shapes.push_back({0, 0, 0});
  shapes.push_back({65537, 0, 0.1});
  shapes.push_back({65537, 3, 0.1});
  Steps run(shapes, clipped(1));
  train(run, 6);
  run.expect_equal();
}

TEST(EmulatedAdamW, TakesMoreTensorsThanATableHas) {
  std::vector<Shape> shapes;
  for (int64_t i = 0; i < SumTable::kRows + 5; ++i) shapes.push_back({1 + i * 13 % 70, i % 4, 0});
  ASSERT_GT(static_cast<int>(shapes.size()), 2 * UpdateTable::kRows);
  Steps run(shapes, clipped(3));
  train(run, 2);
  run.expect_equal();
}

TEST(EmulatedAdamW, ClipsOnlyWhatIsLonger) {
  const std::vector<Shape> shapes = {{300, 0, 0.05}, {7, 0, 0}};
  Steps without(shapes, kRule), above(shapes, clipped(1e3)), below(shapes, clipped(0.25));
  for (auto* run : {&without, &above, &below}) {
    train(*run, 3);
    run->expect_equal();
  }
  EXPECT_EQ(without.everything(), above.everything());
  EXPECT_NE(without.everything(), below.everything());
  // Moments alone show the scale: AdamW itself hardly depends on it.
  EXPECT_LT(std::abs(below.m[0].data()[0]), 0.1 * std::abs(without.m[0].data()[0]));
}

TEST(EmulatedAdamW, ABadStepChangesNothingAndTheFlagStays) {
  for (const bool by_loss : {false, true}) {
    Steps run({{5000, 0, 0.1}, {9, 1, 0}}, clipped(1));
    train(run, 2);
    const auto before = run.everything();
    if (by_loss) run.loss = std::numeric_limits<float>::infinity();
    run.fill(!by_loss);
    ASSERT_EQ(run.kernels(), 0);
    EXPECT_EQ(run.bad, 1.0f);
    EXPECT_EQ(run.bad_step, 2);
    EXPECT_EQ(run.everything(), before);
    // A sound step after it is left out as well.
    ++run.step;
    run.loss = 1;
    run.fill(false);
    ASSERT_EQ(run.kernels(), 0);
    EXPECT_EQ(run.bad, 1.0f);
    EXPECT_EQ(run.bad_step, 2);
    EXPECT_EQ(run.everything(), before);
    EXPECT_EQ(run.ring[2 * 3], 1.0f);
    EXPECT_TRUE(std::isfinite(run.ring[2 * 3 + 1]));
  }
}

/// Weights, moments and record after two steps with these gradients, of any type.
template <class T>
std::vector<float> after_two_steps(const std::vector<T>& g, Storage storage) {
  const auto count = static_cast<int64_t>(g.size()) - 1;
  std::vector<float4> memory(3 * (count / 4 + 1), float4{0.5f, 0.25f, 0.125f, 1.0f});
  auto* const first = reinterpret_cast<float*>(memory.data());
  const int64_t part = (count / 4 + 1) * 4;
  std::vector<float> ring(2);
  float lr = 1e-2f, loss = 1, updates = 0, bad = 0;
  int64_t bad_step = -1;
  for (int64_t step = 0; step < 2; ++step) {
    // The second step begins off the boundary of a vector.
    const AdamWTensor tensor = {first, g.data() + step, first + part, first + 2 * part, count,
                                0.1f,  storage};
    std::vector<double> scratch(static_cast<std::size_t>(adamw_scratch(&tensor, 1)) / 2 + 2);
    const StepState state = {&lr, &loss, &step, &updates, ring.data(), 1, &bad, &bad_step};
    EXPECT_EQ(adamw_step(&tensor, 1, clipped(1), state, reinterpret_cast<float*>(scratch.data()),
                         nullptr),
              0);
  }
  std::vector<float> all(first, first + 3 * part);
  all.insert(all.end(), ring.begin(), ring.end());
  return all;
}

TEST(EmulatedAdamW, TakesGradientsOfSixteenBitsForWhatTheyAre) {
  for (const int64_t count : {1, 5, 1023, 4097}) {
    const auto values = normal(count + 1, static_cast<int>(count));
    std::vector<__nv_bfloat16> brain;
    std::vector<__half> half;
    std::vector<float> of_brain, of_half;
    for (const double x : values) {
      brain.push_back(from_float<__nv_bfloat16>(static_cast<float>(x)));
      half.push_back(from_float<__half>(static_cast<float>(x)));
      of_brain.push_back(to_float(brain.back()));
      of_half.push_back(to_float(half.back()));
    }
    const auto expected = after_two_steps(of_brain, Storage::kFloat);
    EXPECT_NE(expected, after_two_steps(of_half, Storage::kFloat));
    EXPECT_EQ(after_two_steps(brain, Storage::kBFloat16), expected) << count;
    EXPECT_EQ(after_two_steps(half, Storage::kHalf), after_two_steps(of_half, Storage::kFloat));
  }
}

TEST(EmulatedAdamW, StepsWithoutAnyTensorAreRecorded) {
  Steps run({}, clipped(1));
  train(run, 2);
  EXPECT_EQ(run.ring[1], 0.0f);
}

TEST(EmulatedSetScalars, WritesBothTypes) {
  float rate = 0, untouched = kGuard;
  int64_t step = 0;
  const ScalarToSet scalars[] = {
      {&rate, 0.1, false}, {&step, 9007199254740991.0, true}, {&untouched, 1, false}};
  ASSERT_EQ(set_scalars(scalars, 2, nullptr), 0);
  EXPECT_EQ(rate, 0.1f);
  EXPECT_EQ(step, 9007199254740991);
  EXPECT_EQ(untouched, kGuard);
  EXPECT_NE(set_scalars(scalars, kMostScalars + 1, nullptr), 0);
}

}  // namespace
}  // namespace regard::kernels::cuda
