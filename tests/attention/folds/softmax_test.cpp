// Softmax attention: golden numbers, PyTorch's own operator, and the kernels against the reference.
#include "regard/attention/folds/softmax.hpp"

#include <gtest/gtest.h>

#include "harness/golden.hpp"
#include "harness/grad.hpp"
#include "harness/laws.hpp"
#include "harness/message.hpp"

namespace regard::attention::folds {
namespace {
using harness::Case;
using torch::Tensor;

TEST(Softmax, GoldenValues) {  // NumPy: softmax(q k^T / 2) v on harness/golden.hpp's inputs
  harness::golden("softmax", false, 4,
                  {0.797679195114889, 0.00816501152727918, -0.671846918921477, 0.0297021338646665,
                   0.820584200792255, 0.211475346500436, -0.618547004038069, -0.157578481434482,
                   0.752738531507116, 0.0217524286781557, -0.737643844185477, 0.0762094611758003});
  harness::golden("softmax", true, 4,
                  {0.909297426825682, 0.675463180551151, -0.442520443294852, -0.631266637872321,
                   0.889219982033756, 0.230577497790404, -0.514311636316024, -0.259615682083965,
                   0.752738531507116, 0.0217524286781557, -0.737643844185477, 0.0762094611758003});
}

TEST(Softmax, IsPyTorchsScaledDotProductAttention) {
  for (const bool causal : {false, true}) {
    const auto x = harness::make_inputs({"", 50, 50, causal ? graph::causal() : graph::full()},
                                        torch::kDouble);
    const auto expected = at::scaled_dot_product_attention(x.q, x.k, x.v, {}, 0.0, causal);
    EXPECT_LE(harness::relative(Softmax().reference(x, dense_mask(x)), expected), 1e-14);
    EXPECT_LE(harness::relative(attend(Softmax(), "softmax", x), expected), 1e-14);
  }
}

TEST(Softmax, KernelsAgreeWithTheReference) { harness::agree("softmax"); }

TEST(Softmax, GradientsAreDerivatives) { harness::grad("softmax", harness::small_cases(false)); }

TEST(Softmax, Laws) {
  harness::laws("softmax");
  harness::keys_are_a_set("softmax");
}

// Long beside the window, so that blocks are taken: with lengths that end inside a block, at its
// edge, at 0.
TEST(Softmax, BlocksEqualTheDenseMask) {
  const ops::ForceKernel force("sdpa_blocks");
  for (const char* phrase : {"window(width=5)", "window(width=40)", "window(left=20,right=3)",
                             "window(left=0,right=9)", "window(width=1)"}) {
    for (const bool causal : {false, true}) {
      for (const bool ragged : {false, true}) {
        SCOPED_TRACE(phrase);
        const auto graph = parse_phrase(phrase).graph->facts(causal);
        Case c{"", 301, 301, graph};
        if (ragged) c.lengths = {301, 0, 1, 160, 161, 300};
        const auto given = harness::make_inputs(c, torch::kDouble);
        const auto came = harness::run(Softmax(), given, torch::kDouble, "sdpa_blocks");
        const auto expected = harness::run(Softmax(), given, torch::kDouble, "reference");
        harness::expect_near(came, expected, 1e-14);
      }
    }
  }
}

TEST(Softmax, WeightsAreRowsOfProbabilities) {
  const auto x = harness::make_inputs({"", 9, 9, graph::window(3), {9, 4}}, torch::kDouble);
  const auto map = Softmax().weights(x);
  EXPECT_FALSE(map.gate);
  EXPECT_LE(harness::relative(at::matmul(map.values, x.v), Softmax().reference(x, dense_mask(x))),
            1e-14);
  const auto sums = map.values.sum(-1);
  EXPECT_LE(harness::relative(sums[0], at::ones_like(sums[0])), 1e-14);
  EXPECT_EQ(sums[1].slice(1, 4).abs().max().item<double>(), 0);
}

TEST(Softmax, AMaskThatDoesNotFitIsRefusedWithItsBytes) {
  // A view of one number: a million million pairs without a byte allocated.
  const auto x = at::zeros({1, 1, 1, 1}).expand({1, 1, 100'000'000, 8});
  const auto graph = parse_phrase("window(width=8,global=1)").graph->facts(false);
  const auto text =
      harness::message([&] { attend(Softmax(), "softmax", make_inputs(x, x, x, graph)); });
  EXPECT_EQ(
      text.substr(0, text.find(", and")),
      "softmax: no kernel can do this; sdpa_blocks: global positions reach outside the blocks; "
      "sdpa: the dense mask of this graph takes 18189.9 TiB; edges: the graph is a window; "
      "reference: one dense mask with its "
      "scores takes 145519.2 TiB");
  const auto rows = candidates(Softmax(), "softmax", problem_of(make_inputs(x, x, x, graph)));
  ASSERT_EQ(rows.size(), 4u);
  for (const auto& row : rows) EXPECT_FALSE(row.chosen || row.support.ok) << row.name;
}

TEST(Softmax, TheBackendThatRanIsRecorded) {
  const auto x = harness::make_inputs({"", 9, 9, graph::full()}, torch::kDouble);
  attend(Softmax(), "softmax", x);
  bool kernel = false, backend = false;
  for (const auto& name : ops::kernels_that_ran()) {
    kernel |= name == "softmax:sdpa";
    backend |= name == "sdpa:flash" || name == "sdpa:math";
  }
  EXPECT_TRUE(kernel && backend);
}

TEST(Softmax, AForcedKernelThatCannotSaysWhy) {
  const ops::ForceKernel force("sdpa_blocks");
  const auto x = harness::make_inputs({"", 9, 9, graph::full()}, torch::kDouble);
  EXPECT_EQ(harness::message([&] { attend(Softmax(), "softmax", x); }),
            "softmax: no kernel named \"sdpa_blocks\" can do this; sdpa_blocks: the graph is not a "
            "window; sdpa: would do; edges: the graph is full; reference: would do");
}

}  // namespace
}  // namespace regard::attention::folds
