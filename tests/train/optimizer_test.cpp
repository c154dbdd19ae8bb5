// AdamW against its equations in double, schedules against their formulas, averages, meters.
#include "regard/train/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "regard/base/error.hpp"
#include "regard/train/ema.hpp"
#include "regard/train/meters.hpp"
#include "regard/train/schedule.hpp"
#include "toy.hpp"

namespace regard::train {
namespace {

torch::Tensor scalar(double value) { return torch::full({}, value, torch::kFloat32); }

/// The equations of optimizer.hpp, one tensor, float64.
struct HandAdamW {
  torch::Tensor w, m, v;
  int t = 0;
  explicit HandAdamW(const torch::Tensor& start)
      : w(start.detach().to(torch::kFloat64).clone()), m(torch::zeros_like(w)), v(m.clone()) {}
  void step(torch::Tensor g, double lr, double decay, const Spec& s) {
    ++t;
    g = g.to(torch::kFloat64);
    m = s.beta1 * m + (1 - s.beta1) * g;
    v = s.beta2 * v + (1 - s.beta2) * g * g;
    const auto root = (v / (1 - std::pow(s.beta2, t))).sqrt() + s.eps;
    w = w - lr * decay * w - lr * (m / (1 - std::pow(s.beta1, t))) / root;
  }
};

class Optimizer : public testing::Test {
 protected:
  Optimizer() {
    spec.weight_decay = 0.1;
    matrix.set_requires_grad(true);
    vector.set_requires_grad(true);
    unused.set_requires_grad(true);
  }
  NamedTensors parameters() { return {{"m", matrix}, {"v", vector}, {"u", unused}}; }
  void set_gradients(int t) {
    matrix.mutable_grad() = normal({7, 33}, 100 + t);
    vector.mutable_grad() = normal({5}, 200 + t);
  }
  Spec spec;
  torch::Tensor matrix = normal({7, 33}, 1), vector = normal({5}, 2), unused = normal({3}, 3);
};

// Adam with L2 regularisation: the gradient of what decays gets l2 w, behind the clipping.
TEST_F(Optimizer, L2StandsInTheGradient) {
  spec.weight_decay = 0;
  spec.l2 = 0.05;
  AdamW adam(parameters(), spec);
  HandAdamW hand_m(matrix), hand_v(vector);
  for (int t = 0; t < 6; ++t) {
    set_gradients(t);
    const double lr = 1e-2 / (t + 1), divisor = 1 + t;
    hand_m.step(matrix.grad() / divisor + spec.l2 * hand_m.w.to(torch::kFloat32), lr, 0, spec);
    hand_v.step(vector.grad() / divisor, lr, 0, spec);
    adam.step(scalar(lr), scalar(divisor), scalar(0));
  }
  EXPECT_TRUE(torch::allclose(matrix.detach().to(torch::kFloat64), hand_m.w, 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(vector.detach().to(torch::kFloat64), hand_v.w, 1e-5, 1e-6));
}

TEST_F(Optimizer, FollowsTheEquations) {
  AdamW adam(parameters(), spec);
  HandAdamW hand_m(matrix), hand_v(vector);
  const auto before = unused.detach().clone();
  for (int t = 0; t < 6; ++t) {
    set_gradients(t);
    const double lr = 1e-2 / (t + 1), divisor = 1 + t;
    hand_m.step(matrix.grad() / divisor, lr, spec.weight_decay, spec);
    hand_v.step(vector.grad() / divisor, lr, 0, spec);
    adam.step(scalar(lr), scalar(divisor), scalar(0));
  }
  EXPECT_LT((matrix.detach() - hand_m.w).abs().max().item<double>(), 1e-6);
  EXPECT_LT((vector.detach() - hand_v.w).abs().max().item<double>(), 1e-6);
  EXPECT_TRUE(torch::equal(unused.detach(), before)) << "moved without a gradient";
}

TEST_F(Optimizer, SkipChangesNothingAndDoesNotCount) {
  AdamW adam(parameters(), spec);
  set_gradients(0);
  adam.step(scalar(1e-2), scalar(1), scalar(0));
  std::vector<torch::Tensor> before;
  for (const auto& [name, tensor] : adam.state()) before.push_back(tensor.clone());
  const auto weights = matrix.detach().clone();
  matrix.mutable_grad().fill_(std::numeric_limits<float>::quiet_NaN());
  adam.step(scalar(1e-2), scalar(1), scalar(1));
  EXPECT_TRUE(torch::equal(matrix.detach(), weights));
  const auto after = adam.state();
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_TRUE(torch::equal(after[i].second, before[i])) << after[i].first;
  }
}

TEST_F(Optimizer, StateComesBackAndMustFit) {
  AdamW first(parameters(), spec);
  set_gradients(0);
  first.step(scalar(1e-2), scalar(1), scalar(0));
  std::map<std::string, torch::Tensor> saved;
  for (const auto& [name, tensor] : first.state()) saved[name] = tensor.clone();
  EXPECT_EQ(saved.count("optimizer.exp_avg_sq.m"), 1u);
  AdamW second(parameters(), spec);
  second.load(saved);
  for (const auto& [name, tensor] : second.state()) EXPECT_TRUE(torch::equal(tensor, saved[name]));
  saved["optimizer.exp_avg.v"] = torch::zeros({6});
  EXPECT_THROW(second.load(saved), InputError);
  saved.erase("optimizer.exp_avg.v");
  EXPECT_THROW(second.load(saved), InputError);
}

TEST(GradientNorm, IsTheNormOfAllTogetherOnAnyNumberOfThreads) {
  const std::vector<torch::Tensor> gradients = {normal({1000, 301}, 1), normal({17}, 2),
                                                normal({300, 40}, 3).t(), normal({}, 4)};
  double squares = 0;
  for (const auto& g : gradients) squares += g.to(torch::kFloat64).square().sum().item<double>();
  const auto norm = gradient_norm(gradients);
  EXPECT_NEAR(norm.item<double>(), std::sqrt(squares), 1e-4);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  EXPECT_TRUE(torch::equal(gradient_norm(gradients), norm));
  at::set_num_threads(threads);
  const auto in_double = gradient_norm({gradients[0].to(torch::kFloat64)});
  EXPECT_NEAR(in_double.item<double>(), gradients[0].to(torch::kFloat64).norm().item<double>(),
              1e-4);
  EXPECT_TRUE(gradient_norm({torch::full({3}, NAN)}).isnan().item<bool>());
  EXPECT_EQ(gradient_norm({}).item<float>(), 0);
}

Schedule schedule(const std::string& name, double min_lr, int64_t steps = 110) {
  Spec spec;
  spec.lr = 2;
  spec.warmup = 10;
  spec.min_lr = min_lr;
  spec.schedule = name;
  return Schedule(spec, steps);
}

TEST(ScheduleTest, FollowsItsFormula) {
  for (const auto* name : {"constant", "cosine", "linear", "exponential", "inverse_sqrt"}) {
    const auto s = schedule(name, 0.5);
    EXPECT_DOUBLE_EQ(s.at(0), 0.2) << name;
    EXPECT_DOUBLE_EQ(s.at(9), 2) << name;
  }
  EXPECT_DOUBLE_EQ(schedule("constant", 0.5).at(109), 2);
  EXPECT_NEAR(schedule("cosine", 0.5).at(60), 1.25, 1e-12);
  EXPECT_NEAR(schedule("cosine", 0.5).at(35), 0.5 + 1.5 * (1 + std::numbers::sqrt2 / 2) / 2, 1e-12);
  EXPECT_NEAR(schedule("linear", 0.5).at(35), 1.625, 1e-12);
  EXPECT_NEAR(schedule("exponential", 0.5).at(60), 1, 1e-12);
  EXPECT_NEAR(schedule("exponential", 0).at(60), 0.2, 1e-12);
  EXPECT_NEAR(schedule("inverse_sqrt", 0.5).at(39), 1, 1e-12);
  EXPECT_NEAR(schedule("inverse_sqrt", 0.5, 100000).at(90000), 0.5, 1e-12);
}

TEST(ScheduleTest, WarmsUpAsGivenAndMayFollowTheClock) {
  EXPECT_DOUBLE_EQ(schedule("constant", 0, 20).at(1), 0.4);
  EXPECT_DOUBLE_EQ(schedule("constant", 0, 20).at(9), 2);
  EXPECT_NEAR(schedule("linear", 0, 0).at(500, 0.75), 0.5, 1e-12);
  EXPECT_EQ(schedule("constant", 0, 10).remark(), "");
  EXPECT_EQ(schedule("constant", 0, 9).remark(),
            "train.warmup = 10 is longer than the run of 9 steps, which ends below the highest "
            "learning rate");
  EXPECT_DOUBLE_EQ(schedule("constant", 0, 9).at(8), 1.8);
}

TEST(ScheduleTest, WithoutOneItIsFiftyStepsAndATenthAtMost) {
  const Spec spec;
  EXPECT_EQ(spec.warmup_steps(800), 50);
  EXPECT_EQ(spec.warmup_steps(200), 20);
  EXPECT_EQ(spec.warmup_steps(9), 0);
  EXPECT_EQ(spec.warmup_steps(0), 50);
}

TEST(EmaTest, IsTheWeightedMeanOfAllWeightsSoFar) {
  auto weights = normal({4, 3}, 1);
  Ema ema({{"w", weights}}, 0.9);
  auto sum = torch::zeros({4, 3}, torch::kFloat64);
  double shares = 0;
  for (int t = 1; t <= 8; ++t) {
    weights.copy_(normal({4, 3}, 10 + t));
    sum = 0.9 * sum + 0.1 * weights;
    shares = 0.9 * shares + 0.1;
    ema.update(scalar(ema.share(t)));
  }
  const auto average = ema.state()[0].second;
  EXPECT_LT((average - sum / shares).abs().max().item<double>(), 1e-6);
  const auto before = weights.clone();
  {
    const EmaScope scope(&ema);
    EXPECT_TRUE(torch::equal(weights, average));
  }
  EXPECT_TRUE(torch::equal(weights, before));
}

TEST(StepMeterTest, AveragesTheStepsAskedForAndKeepsTheFirstBadOne) {
  StepMeter meter(4, torch::kCPU);
  const auto note = [&](int64_t step, double loss, double norm) {
    meter.note(torch::full({}, step, torch::kInt64), scalar(loss), scalar(norm));
  };
  for (int64_t step = 0; step < 6; ++step) note(step, static_cast<double>(step), 1);
  auto reading = meter.read(3, 5);
  EXPECT_EQ(reading.steps, 3);
  EXPECT_DOUBLE_EQ(reading.loss, 4);
  EXPECT_EQ(reading.bad_step, -1);
  EXPECT_EQ(meter.bad().item<float>(), 0);
  note(6, 2, INFINITY);
  EXPECT_EQ(meter.bad().item<float>(), 1);
  note(7, 2, 1);
  note(8, NAN, 1);
  EXPECT_EQ(meter.bad().item<float>(), 1) << "the flag must stay";
  reading = meter.read(6, 8);
  EXPECT_EQ(reading.bad_step, 6);
  EXPECT_EQ(reading.steps, 0);
}

TEST(StepMeterTest, KeepsThePartsOfALossByName) {
  StepMeter meter(4, torch::kCPU);
  const auto note = [&](int64_t step, double main, double size) {
    const auto at = torch::full({}, step, torch::kInt64);
    meter.note_parts(at, {{"main", scalar(main)}, {"size", scalar(size)}});
    meter.note(at, scalar(main + size), scalar(1));
  };
  for (int64_t step = 0; step < 6; ++step) note(step, static_cast<double>(step), 0.5);
  const auto reading = meter.read(3, 5);
  EXPECT_DOUBLE_EQ(reading.loss, 4.5);
  ASSERT_EQ(reading.parts.size(), 2u);
  EXPECT_EQ(reading.parts[0], (std::pair<std::string, double>("main", 4)));
  EXPECT_EQ(reading.parts[1], (std::pair<std::string, double>("size", 0.5)));
  EXPECT_TRUE(StepMeter(4, torch::kCPU).read(0, 0).parts.empty());
  EXPECT_THROW(meter.note_parts(torch::full({}, 6, torch::kInt64), {{"main", scalar(1)}}),
               RunError);
}

TEST(PeakMemory, CountsThisProcess) {
  const auto before = peak_memory(torch::kCPU);
  EXPECT_GT(before, 10 << 20);
  const auto block = torch::ones({64 << 20}, torch::kUInt8);
  EXPECT_GE(peak_memory(torch::kCPU), before);
}

}  // namespace
}  // namespace regard::train
