// Dropout as a function of (seed, step, site, element).
#include "regard/ops/block/dropout.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/message.hpp"

namespace regard::ops {
namespace {
using torch::Tensor;

DropoutKey key(int64_t seed, int64_t step, int64_t site) {
  return {seed, at::scalar_tensor(step, torch::kLong), site};
}

TEST(Dropout, KeepsTheRateAndTheMean) {
  constexpr int64_t kElements = 200'000;
  for (const double p : {0.01, 0.1, 0.5, 0.9}) {
    const auto y = dropout(at::ones({kElements}), p, key(1, 2, 3));
    const double dropped = (y == 0).sum().item<double>() / kElements;
    EXPECT_NEAR(dropped, p, 4 * std::sqrt(p * (1 - p) / kElements));
    const auto kept = y.masked_select(y != 0);
    EXPECT_NEAR(kept.min().item<double>(), 1 / (1 - p), 1e-6 / (1 - p));
    EXPECT_NEAR(kept.max().item<double>(), 1 / (1 - p), 1e-6 / (1 - p));
  }
}

TEST(Dropout, IsAFunctionOfSeedStepAndSite) {
  const auto x = at::ones({1001});
  const auto y = dropout(x, 0.5, key(1, 2, 3));
  EXPECT_TRUE(at::equal(y, dropout(x, 0.5, key(1, 2, 3))));
  for (const auto& other : {key(2, 2, 3), key(1, 3, 3), key(1, 2, 4)}) {
    // Independent halves agree at half of the places.
    const double same = (y == dropout(x, 0.5, other)).sum().item<double>() / 1001;
    EXPECT_NEAR(same, 0.5, 4 * 0.5 / std::sqrt(1001.0));
  }
}

TEST(Dropout, StepsBeyond32BitsAreOthers) {
  const auto x = at::ones({1001});
  EXPECT_FALSE(
      at::equal(dropout(x, 0.5, key(1, 2, 3)), dropout(x, 0.5, key(1, 2 + (int64_t{1} << 32), 3))));
}

TEST(Dropout, DoesNotDependOnThreadsOrLayout) {
  const auto x = at::arange(1.0, 100'001.0).view({100, 1000});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = dropout(x, 0.3, key(1, 2, 3));
  at::set_num_threads(2);
  const auto two = dropout(x, 0.3, key(1, 2, 3));
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one, two));
  EXPECT_TRUE(at::equal(one, dropout(x.t().contiguous().t(), 0.3, key(1, 2, 3))));
  EXPECT_TRUE(at::equal(one.slice(0, 0, 10), dropout(x.slice(0, 0, 10), 0.3, key(1, 2, 3))));
}

TEST(Dropout, GradientPassesThroughTheSameMask) {
  const auto x = at::randn({37, 5}).requires_grad_();
  const auto y = dropout(x, 0.4, key(1, 2, 3));
  const auto g = at::randn({37, 5});
  (y * g).sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), dropout(g, 0.4, key(1, 2, 3))));
}

TEST(Dropout, OfRateZeroIsTheIdentityAndOtherRatesAreRefused) {
  const auto x = at::randn({8});
  EXPECT_TRUE(dropout(x, 0, DropoutKey{}).is_same(x));
  EXPECT_EQ(harness::message([&] { dropout(x, 1, DropoutKey{}); }),
            "dropout: a rate in [0, 1) was expected, and 1.000000 came");
  EXPECT_EQ(harness::message([&] { dropout(x, -0.5, DropoutKey{}); }),
            "dropout: a rate in [0, 1) was expected, and -0.500000 came");
}

TEST(Dropout, KeepsTheType) {
  for (const auto type : {torch::kDouble, torch::kFloat, torch::kBFloat16})
    EXPECT_EQ(dropout(at::ones({8}, type), 0.5, key(1, 2, 3)).scalar_type(), type);
}

}  // namespace
}  // namespace regard::ops
