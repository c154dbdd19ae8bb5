#include "regard/attention/folds/off.hpp"

#include <gtest/gtest.h>

#include "harness/grad.hpp"
#include "harness/laws.hpp"
#include "harness/message.hpp"

namespace regard::attention::folds {
namespace {

TEST(Off, GivesEachTokenItsOwnValue) {
  const auto x = harness::make_inputs({"", 6, 6, graph::full()}, torch::kDouble);
  EXPECT_TRUE(at::equal(attend(Off(), "off", x), x.v));
  const auto fewer = harness::make_inputs({"", 2, 6, graph::causal()}, torch::kDouble);
  EXPECT_TRUE(at::equal(attend(Off(), "off", fewer), fewer.v.slice(2, 4)));
}

TEST(Off, KernelsAgreeWithTheReference) { harness::agree("off"); }

TEST(Off, GradientsAreDerivatives) { harness::grad("off", harness::small_cases(false)); }

TEST(Off, Laws) { harness::laws("off"); }

TEST(Off, IsTheWindowOfOne) {
  const auto x = harness::make_inputs({"", 40, 40, graph::window(1), {40, 7}}, torch::kDouble);
  EXPECT_LE(harness::relative(attend(*parse_phrase("softmax").fold, "softmax", x),
                              attend(Off(), "off", x)),
            1e-15);
}

TEST(Off, RefusesQueriesWithoutAPosition) {
  const auto x = harness::make_inputs({"", 6, 2, graph::full()}, torch::kDouble);
  EXPECT_EQ(harness::message([&] { attend(Off(), "off", x); }),
            "off: at most as many queries as keys were expected, and 6 queries and 2 keys came");
}

TEST(Off, WeightsAreTheIdentity) {
  const auto x = harness::make_inputs({"", 3, 5, graph::causal()}, torch::kDouble);
  EXPECT_TRUE(at::equal(at::matmul(Off().weights(x).values, x.v), attend(Off(), "off", x)));
}

}  // namespace
}  // namespace regard::attention::folds
