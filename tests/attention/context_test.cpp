// What a step tells its layers and what they tell it: random numbers, auxiliary losses, scalars of
// the step.
#include "regard/attention/context.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "regard/base/error.hpp"

namespace regard::attention {
namespace {
using torch::Tensor;

template <class Call>
std::string failure(const Call& call) {
  try {
    call();
  } catch (const RunError& error) {
    return error.what();
  }
  return "no RunError";
}

Tensor scalar(double value) { return at::scalar_tensor(value, torch::kDouble); }

TEST(RandomScope, NestsAndEnds) {
  const RandomContext outer{1, at::scalar_tensor(1, torch::kLong)}, inner{2, outer.step};
  EXPECT_EQ(random_context(), nullptr);
  {
    const RandomScope a(outer);
    {
      const RandomScope b(inner);
      EXPECT_EQ(random_context()->seed, 2);
    }
    EXPECT_EQ(random_context()->seed, 1);
  }
  EXPECT_EQ(random_context(), nullptr);
}

TEST(LossScope, SumsOneNameAndKeepsTheOrderOfNames) {
  const LossScope scope;
  add_loss("edges", scalar(1));
  add_loss("balance", scalar(10));
  add_loss("edges", scalar(2));
  ASSERT_EQ(scope.losses().size(), 2u);
  EXPECT_EQ(scope.losses()[0].first, "edges");
  EXPECT_EQ(scope.losses()[0].second.item<double>(), 3);
  EXPECT_EQ(scope.losses()[1].first, "balance");
  EXPECT_EQ(scope.losses()[1].second.item<double>(), 10);
}

TEST(LossScope, PassesTheGradientOfEachPart) {
  const LossScope scope;
  const auto a = scalar(3).requires_grad_(true), b = scalar(4).requires_grad_(true);
  add_loss("x", a * a);
  add_loss("x", 5 * b);
  scope.losses()[0].second.backward();
  EXPECT_EQ(a.grad().item<double>(), 6);
  EXPECT_EQ(b.grad().item<double>(), 5);
}

TEST(LossScope, NothingIsKeptOutsideOfOne) {
  EXPECT_FALSE(collects_losses());
  auto lost = scalar(1);
  add_loss("lost", lost);
  EXPECT_EQ(lost.use_count(), 1u);
  const LossScope scope;
  EXPECT_TRUE(collects_losses());
  EXPECT_TRUE(scope.losses().empty());
}

TEST(LossScope, AnInnerOneHidesTheOuter) {
  const LossScope outer;
  {
    const LossScope inner;
    add_loss("x", scalar(1));
    EXPECT_EQ(inner.losses().size(), 1u);
  }
  EXPECT_TRUE(outer.losses().empty());
  add_loss("y", scalar(1));
  EXPECT_EQ(outer.losses().size(), 1u);
}

TEST(LossScope, BelongsToItsThread) {
  const LossScope scope;
  std::thread([] { add_loss("x", scalar(1)); }).join();
  EXPECT_TRUE(scope.losses().empty());
}

TEST(LossScope, FeedbackIsGivenWithoutGradient) {
  LossScope scope;
  const auto policy = at::ones({3}, torch::kDouble).requires_grad_(true);
  add_loss("policy", [&](const Tensor& losses) { return (losses * policy).mean(); });
  ASSERT_TRUE(scope.wants_feedback());
  EXPECT_NE(failure([&] { scope.losses(); }).find("\"policy\""), std::string::npos);
  const auto weight = scalar(1).requires_grad_(true);
  scope.give_feedback(weight * at::arange(3, torch::kDouble));
  EXPECT_FALSE(scope.wants_feedback());
  ASSERT_EQ(scope.losses().size(), 1u);
  EXPECT_EQ(scope.losses()[0].second.item<double>(), 1);
  scope.losses()[0].second.backward();
  EXPECT_FALSE(weight.grad().defined());
  EXPECT_TRUE(at::allclose(policy.grad(), at::arange(3, torch::kDouble) / 3));
}

TEST(LossScope, RefusesWhatIsNoScalar) {
  const LossScope scope;
  EXPECT_EQ(failure([] { add_loss("x", at::zeros({2})); }),
            "auxiliary loss \"x\": a scalar was expected, and shape [2] came");
  EXPECT_EQ(failure([] { add_loss("x", Tensor()); }),
            "auxiliary loss \"x\": a scalar was expected, and no tensor came");
}

TEST(ScalarScope, IsFoundByNameInsideAlone) {
  EXPECT_EQ(step_scalar("temperature"), nullptr);
  NamedScalars scalars = {{"temperature", scalar(0.5)}};
  const ScalarScope scope(scalars);
  ASSERT_NE(step_scalar("temperature"), nullptr);
  scalars[0].second.fill_(0.25);
  EXPECT_EQ(step_scalar("temperature")->item<double>(), 0.25);
  EXPECT_EQ(step_scalar("rate"), nullptr);
}

}  // namespace
}  // namespace regard::attention
