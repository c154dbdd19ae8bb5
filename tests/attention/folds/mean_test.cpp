#include "regard/attention/folds/mean.hpp"

#include <gtest/gtest.h>

#include "harness/grad.hpp"
#include "harness/laws.hpp"

namespace regard::attention::folds {
namespace {

TEST(Mean, IsTheAverageOfTheAllowedValues) {
  auto x = make_inputs({}, {}, at::arange(1, 9, torch::kDouble).view({1, 1, 4, 2}), graph::full());
  EXPECT_TRUE(at::equal(
      attend(Mean(), "mean", x),
      at::tensor({4., 5., 4., 5., 4., 5., 4., 5.}).to(torch::kDouble).view({1, 1, 4, 2})));
  x.graph = graph::causal();
  EXPECT_TRUE(at::equal(
      attend(Mean(), "mean", x),
      at::tensor({1., 2., 2., 3., 3., 4., 4., 5.}).to(torch::kDouble).view({1, 1, 4, 2})));
  x.set_lengths(at::tensor({2}, torch::kLong));
  x.graph = graph::full();
  EXPECT_TRUE(at::equal(
      attend(Mean(), "mean", x),
      at::tensor({2., 3., 2., 3., 0., 0., 0., 0.}).to(torch::kDouble).view({1, 1, 4, 2})));
}

// Uniform weights are what softmax makes of queries that are all zero.
TEST(Mean, IsSoftmaxWithoutContent) {
  for (const char* graph : {"full", "causal", "window(width=3)", "window(width=3,global=1)"}) {
    auto x = harness::make_inputs({"", 20, 20, parse_phrase(graph).graph->facts(false), {20, 6}},
                                  torch::kDouble);
    x.q = at::zeros_like(x.q);
    EXPECT_LE(harness::relative(attend(Mean(), "mean", x),
                                attend(*parse_phrase("softmax").fold, "softmax", x)),
              1e-14)
        << graph;
  }
}

TEST(Mean, KernelsAgreeWithTheReference) { harness::agree("mean"); }

TEST(Mean, GradientsAreDerivatives) { harness::grad("mean", harness::small_cases(false)); }

TEST(Mean, Laws) {
  harness::laws("mean");
  harness::keys_are_a_set("mean");
}

TEST(Mean, ReadsNothingButValues) {
  EXPECT_EQ(Mean().uses().count(), 1);
  EXPECT_TRUE(Mean().uses().v);
}

}  // namespace
}  // namespace regard::attention::folds
