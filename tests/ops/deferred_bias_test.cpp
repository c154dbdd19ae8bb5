// A bias whose gradient is owed gets it from a value of any shape.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "harness/case.hpp"
#include "regard/ops/block/linear.hpp"

namespace regard::ops {
namespace {

TEST(Settle, TheLastAxesMakeTheBias) {
  const auto value = harness::random({2, 5, 3, 4, 8}, 1).to(torch::kFloat).requires_grad_();
  const auto bias = torch::zeros({3 * 4 * 8}, torch::requires_grad());
  const auto g = harness::random(value.sizes(), 2).to(torch::kFloat);
  for (const bool flat : {true, false}) {
    const auto out = with_bias_gradient({flat ? value.flatten(2) : value, bias});
    EXPECT_TRUE(at::equal(out.view_as(value), value));
    const auto slopes = torch::autograd::grad({out}, {value, bias}, {g.view_as(out)}, {}, false,
                                              /*allow_unused=*/true);
    EXPECT_TRUE(at::equal(slopes[0], g));
    if (!slopes[1].defined()) GTEST_SKIP() << "nothing is owed in a build without CUDA";
    EXPECT_LE(harness::relative(slopes[1], g.view({10, 96}).sum(0)), 1e-6);
  }
}

}  // namespace
}  // namespace regard::ops
