// What a plan of weights notes; without a GPU nothing is made ready, and every way stays as it is.
#include "regard/ops/block/weight_plan.hpp"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "regard/ops/block/linear.hpp"

namespace regard::ops {
namespace {

WeightPlan::Request request(const torch::Tensor& weight, const torch::Tensor& basis = {}) {
  return {.weight = weight, .bias = {}, .basis = basis, .rows = true, .type = torch::kBFloat16};
}

TEST(WeightPlan, NotesEachRequestOnce) {
  const auto a = torch::ones({4, 4}), b = torch::ones({4, 4}), u = torch::ones({2, 2});
  WeightPlan plan;
  for (int turn = 0; turn < 2; ++turn) {
    plan.note(request(a));
    plan.note(request(b));
    plan.note(request(a, u));
  }
  ASSERT_EQ(plan.requests().size(), 3);
  EXPECT_TRUE(plan.requests()[1].weight.is_same(b));
  auto columns = request(a, u);
  columns.rows = false;
  EXPECT_FALSE(columns.same(plan.requests()[2]));
}

TEST(WeightPlan, ScopeNotesWhatItLacks) {
  const auto a = torch::ones({4, 4});
  EXPECT_FALSE(ready_weight(request(a)).has_value());
  WeightPlan outer, inner;
  {
    const WeightScope first(outer);
    {
      const WeightScope second(inner);
      EXPECT_FALSE(ready_weight(request(a)).has_value());
    }
    EXPECT_EQ(outer.requests().size(), 0);
    EXPECT_EQ(inner.requests().size(), 1);
    EXPECT_FALSE(ready_weight(request(a)).has_value());
  }
  EXPECT_EQ(outer.requests().size(), 1);
}

TEST(WeightPlan, AProductOnACpuAsksForNothing) {
  const auto x = torch::ones({3, 4}), w = torch::ones({2, 4});
  WeightPlan plan;
  const WeightScope scope(plan);
  EXPECT_TRUE(torch::equal(linear(x, w, torch::Tensor()), torch::full({3, 2}, 4.0)));
  const auto deferred = linear_deferred_bias(x, w, torch::ones({2}));
  EXPECT_FALSE(deferred.bias.defined());
  EXPECT_TRUE(torch::equal(with_bias_gradient(deferred), torch::full({3, 2}, 5.0)));
  EXPECT_TRUE(plan.requests().empty());
}

}  // namespace
}  // namespace regard::ops
