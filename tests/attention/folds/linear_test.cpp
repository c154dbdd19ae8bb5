#include "regard/attention/folds/linear.hpp"

#include <gtest/gtest.h>

#include "harness/golden.hpp"
#include "harness/grad.hpp"
#include "harness/laws.hpp"

namespace regard::attention::folds {
namespace {

TEST(Linear, GoldenValues) {  // NumPy: rows of phi(q) phi(k)^T divided by their sums, times v
  harness::golden("linear", false, 4,
                  {0.792479768256301, 0.065162068965286, -0.674248593820625, -0.00804155072823774,
                   0.791570184677468, 0.0840754218846816, -0.673828037404311, -0.0216021286991856,
                   0.783137788094315, 0.0591187971820367, -0.688759731901517, 0.008525785378251});
  harness::golden("linear", true, 4,
                  {0.909297426825682, 0.675463180551151, -0.442520443294852, -0.631266637872321,
                   0.880854116750911, 0.0452026292842432, -0.544225574844266, -0.104756243515549,
                   0.783137788094315, 0.0591187971820367, -0.688759731901517, 0.008525785378251});
}

TEST(Linear, KernelsAgreeWithTheReference) { harness::agree("linear"); }

TEST(Linear, GradientsAreDerivatives) { harness::grad("linear", harness::small_cases(false)); }

TEST(Linear, Laws) {
  harness::laws("linear");
  harness::keys_are_a_set("linear");
}

TEST(Linear, WeightsMakeTheOutput) {
  const auto x = harness::make_inputs({"", 9, 9, graph::causal()}, torch::kDouble);
  const auto map = Linear().weights(x);
  EXPECT_TRUE((map.values >= 0).all().item<bool>());
  EXPECT_LE(harness::relative(at::matmul(map.values, x.v), attend(Linear(), "linear", x)), 1e-14);
}

// Every feature of the query below the smallest number: no weights are left, and the row is 0, not
// NaN.
TEST(Linear, ANormaliserOfZeroGivesZero) {
  for (const auto& [graph, kernel] :
       {std::pair{graph::full(), "sums"}, std::pair{graph::causal(), "chunks"}}) {
    auto x = harness::make_inputs({"", 70, 70, graph}, torch::kFloat);
    x.q.narrow(2, 3, 2).fill_(-1e4);
    const auto y = harness::run(Linear(), x, torch::kFloat, kernel);
    EXPECT_EQ(y.y.narrow(2, 3, 2).abs().max().item<double>(), 0);
    for (const auto& gradient : y.gradients)
      EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << kernel;
  }
}

TEST(Linear, CostGrowsWithTheLengthAndNotItsSquare) {
  ops::Problem p;
  p.batch = p.heads = p.kv_heads = 1;
  p.queries = p.keys = 100;
  p.width = 8;
  const auto one = Linear().cost(p);
  p.queries = p.keys = 200;
  EXPECT_DOUBLE_EQ(Linear().cost(p).flops, 2 * one.flops);
  EXPECT_DOUBLE_EQ(one.bytes, 4 * 100 * 8 * 4.0);
}

}  // namespace
}  // namespace regard::attention::folds
