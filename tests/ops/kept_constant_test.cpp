#include "regard/ops/kept_constant.hpp"

#include <ATen/ops/ones.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace regard::ops {
namespace {

TEST(KeptConstant, IsCopiedOnceForEachType) {
  const auto constant = at::ones({3}, torch::kDouble);
  const auto one = kept_constant(constant, torch::kFloat),
             again = kept_constant(constant, torch::kFloat);
  EXPECT_TRUE(one.is_same(again));
  EXPECT_EQ(one.scalar_type(), torch::kFloat);
  EXPECT_EQ(one.sum().item<float>(), 3.0f);
  EXPECT_EQ(kept_constant(constant, torch::kHalf).scalar_type(), torch::kHalf);
  EXPECT_FALSE(kept_constant(at::ones({3}, torch::kDouble), torch::kFloat).is_same(one));
}

TEST(KeptConstant, MadeInInferenceModeItServesTraining) {
  torch::Tensor made;
  const auto constant = at::ones({2}, torch::kDouble);
  {
    const c10::InferenceMode inference;
    made = kept_constant(constant, torch::kFloat);
  }
  EXPECT_FALSE(made.is_inference());
  auto x = at::ones({2}, torch::kFloat).requires_grad_();
  (x * kept_constant(constant, torch::kFloat)).sum().backward();
  EXPECT_TRUE(x.grad().defined());
}

TEST(MadeOnce, MakesEachOnce) {
  static int calls = 0;
  MadeOnce ones([](int64_t n) {
    ++calls;
    return at::ones({n}, torch::kDouble);
  });
  const auto three = ones(3), again = ones(3);
  EXPECT_TRUE(three.is_same(again));
  EXPECT_EQ(ones(2).size(0), 2);
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace regard::ops
