// Sigmoid attention: golden numbers, what zero and huge scores give, and the kernels against the
// reference.
#include "regard/attention/folds/sigmoid.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/golden.hpp"
#include "harness/grad.hpp"
#include "harness/laws.hpp"

namespace regard::attention::folds {
namespace {

TEST(Sigmoid, GoldenValues) {  // NumPy: 1 / (1 + |E_i| exp(-q k^T / 2)) on allowed pairs, times v
  harness::golden("sigmoid", false, 4,
                  {0.817177160964504, 0.0410613660840536, -0.687737298014248, 0.00641943082191181,
                   0.492134502978873, 0.112201950521569, -0.37961770520419, -0.0790264418950163,
                   0.647611610505419, 0.0271853925731643, -0.608576896467183, 0.0447553104188623});
  harness::golden("sigmoid", true, 4,
                  {0.510934806630151, 0.37954319385405, -0.248652520566396, -0.354709128210468,
                   0.522856824328222, 0.10892361197445, -0.307468823934522, -0.130477387816625,
                   0.647611610505419, 0.0271853925731643, -0.608576896467183, 0.0447553104188623});
}

TEST(Sigmoid, KernelsAgreeWithTheReference) { harness::agree("sigmoid"); }

TEST(Sigmoid, GradientsAreDerivatives) { harness::grad("sigmoid", harness::small_cases(false)); }

TEST(Sigmoid, Laws) {
  harness::laws("sigmoid");
  harness::keys_are_a_set("sigmoid");
}

// sigma(-log n) = 1 / (1 + n): the mean of the allowed values times n / (1 + n).
TEST(Sigmoid, ScoresOfZeroGiveTheMeanShrunk) {
  for (const char* graph : {"full", "causal", "window(width=3)", "window(width=3,global=1)"}) {
    auto x = harness::make_inputs({"", 40, 40, parse_phrase(graph).graph->facts(false), {40, 6}},
                                  torch::kDouble);
    x.q = at::zeros_like(x.q);
    const auto n = allowed_keys(x, torch::kDouble);
    const auto mean = attend(*parse_phrase("mean").fold, "mean", x);
    for (const auto& kernel : harness::kernels_for(Sigmoid(), x)) {
      const ops::ForceKernel force(kernel);
      EXPECT_LE(harness::relative(attend(Sigmoid(), "sigmoid", x), mean * n / (1 + n)), 1e-14)
          << graph << ", " << kernel;
    }
  }
}

// Score and bias are added: a bias of log n lifts the shift, and scores of zero weigh one half.
TEST(Sigmoid, ABiasIsAddedToTheScores) {
  auto x = harness::make_inputs({"", 20, 20, graph::full()}, torch::kDouble);
  x.q = at::zeros_like(x.q);
  x.bias = at::full({1, 1, 20, 20}, std::log(20.0), torch::kDouble);
  const auto half = (0.5 * x.v.sum(2, true)).expand_as(x.v);
  for (const auto& kernel : harness::kernels_for(Sigmoid(), x)) {
    const ops::ForceKernel force(kernel);
    EXPECT_LE(harness::relative(attend(Sigmoid(), "sigmoid", x), half), 1e-14) << kernel;
  }
}

// Far beyond where e^s overflows: every key with a positive score counts whole, gradients stay
// finite.
TEST(Sigmoid, HugeScoresSelectAndStayFinite) {
  auto x = harness::make_inputs({"", 60, 60, graph::window(4)}, torch::kFloat);
  x.q = at::full_like(x.q, 1e4);
  x.k = at::where(x.k.narrow(3, 0, 1) > 0, 1.0, -1.0).to(torch::kDouble).expand_as(x.k);
  const auto selected = at::where(x.k.narrow(3, 0, 1) > 0, x.v, 0.0);
  const auto expected = at::matmul(dense_mask(x).to(torch::kDouble), selected);
  for (const auto& kernel : harness::kernels_for(Sigmoid(), x)) {
    const auto came = harness::run(Sigmoid(), x, torch::kFloat, kernel);
    EXPECT_LE(harness::relative(came.y, expected), 1e-6) << kernel;
    for (const auto& gradient : came.gradients)
      EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << kernel;
  }
}

TEST(Sigmoid, WeightsLieBetween0And1AndMakeTheOutput) {
  const auto x = harness::make_inputs({"", 9, 9, graph::causal(), {9, 4}}, torch::kDouble);
  const auto map = Sigmoid().weights(x);
  EXPECT_FALSE(map.gate);
  EXPECT_TRUE(((map.values >= 0) & (map.values < 1)).all().item<bool>());
  EXPECT_GT((map.values.sum(-1)[0] - 1).abs().max().item<double>(),
            0.1);  // no row of probabilities
  EXPECT_LE(harness::relative(at::matmul(map.values, x.v), attend(Sigmoid(), "sigmoid", x)), 1e-14);
}

}  // namespace
}  // namespace regard::attention::folds
