// The mean over the tokens of each sequence.
#include "regard/ops/block/mean_rows.hpp"

#include <gtest/gtest.h>

namespace regard::ops {
namespace {

TEST(MeanRows, KeepsWhatSixteenBitsWouldLose) {
  // One token of 1000 differs by a hundredth: 1e-5 of a mean of 1, where a rounding of bf16 is
  // 4e-3.
  auto x = at::ones({2, 1000, 4}, torch::kBFloat16);
  x.select(0, 1).select(0, 17).fill_(1.0078125);
  for (const bool ragged : {false, true}) {
    const auto lengths = ragged ? at::full({2}, 1000, torch::kLong) : torch::Tensor();
    const auto mean = mean_rows(x, lengths);
    ASSERT_EQ(mean.scalar_type(), torch::kFloat);
    EXPECT_NEAR((mean[1] - mean[0]).max().item<double>(), 0.0078125 / 1000, 2e-7);
  }
  EXPECT_EQ(mean_rows(x.to(torch::kDouble), {}).scalar_type(), torch::kDouble);
}

TEST(MeanRows, PaddingCountsForNothingAndTheGradientHasTheTypeOfTheTokens) {
  const auto x = at::randn({3, 5, 8}).to(torch::kBFloat16).requires_grad_();
  const auto lengths = at::tensor({5, 2, 0}, torch::kLong);
  const auto mean = mean_rows(x, lengths);
  EXPECT_TRUE(at::allclose(mean[1], x[1].slice(0, 0, 2).to(torch::kFloat).mean(0)));
  EXPECT_EQ(mean[2].abs().sum().item<float>(), 0);
  mean.sum().backward();
  ASSERT_EQ(x.grad().scalar_type(), torch::kBFloat16);
  EXPECT_EQ(x.grad()[1][1][0].item<float>(), 0.5f);
  EXPECT_EQ(x.grad()[1][2].abs().sum().item<float>(), 0);
}

}  // namespace
}  // namespace regard::ops
