#include "regard/attention/graphs/edges.hpp"

#include <gtest/gtest.h>

#include "harness/edge_cases.hpp"
#include "regard/attention/self_attention.hpp"

namespace regard::attention::graphs {
namespace {
using harness::message;

TEST(EdgesGraph, TakesTheEdgesOfTheBatch) {
  SelfAttention attention(parse_phrase("edges"), {.width = 8, .heads = 2});
  attention.eval();
  const auto x = harness::random({2, 6, 8}, 3).to(torch::kFloat);
  auto mask = at::eye(6, torch::kBool).view({1, 1, 6, 6}).repeat({2, 1, 1, 1});
  mask[1][0][4][2] = true;
  const BatchScope scope(harness::edges_of_mask(mask));
  const auto y = attention.forward(x, {});
  auto other = x.clone();
  other[0][2] += 1;
  other[1][2] += 1;
  const auto changed = (attention.forward(other, {}) != y).any(2);
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t i = 0; i < 6; ++i) {
      EXPECT_EQ(changed[b][i].item<bool>(), i == 2 || (b == 1 && i == 4)) << b << ", " << i;
    }
  }
  const auto map = attention.weights(call_of(x, {})).values;  // (2, 2, 6, 6)
  EXPECT_TRUE(at::equal(map > 0, mask.expand({2, 2, 6, 6})));
}

TEST(EdgesGraph, ACausalModelSeesNoLaterKey) {
  SelfAttention attention(parse_phrase("edges"), {.width = 8, .heads = 2, .causal = true});
  attention.eval();
  const auto x = harness::random({1, 6, 8}, 3).to(torch::kFloat);
  const BatchScope scope(harness::edges_of_mask(at::ones({1, 1, 6, 6}, torch::kBool)));
  const auto y = attention.forward(x, {});
  auto other = x.clone();
  other.slice(1, 3) += 1;
  EXPECT_TRUE(at::equal(attention.forward(other, {}).slice(1, 0, 3), y.slice(1, 0, 3)));
}

TEST(EdgesGraph, DataWithoutEdgesIsRefused) {
  SelfAttention attention(parse_phrase("edges"), {.width = 8, .heads = 2});
  EXPECT_EQ(message([&] {
              attention.forward(at::zeros({1, 4, 8}), {});
            }),
            "edges: edges in the batch were expected, and this data has none");
  const auto facts = Edges().facts(false);
  EXPECT_TRUE(facts.edges()->in_batch);
  EXPECT_EQ(facts.name(), "edges");
}

TEST(EdgesGraph, GenerationIsRefused) {
  SelfAttention attention(parse_phrase("edges"), {.width = 8, .heads = 2, .causal = true});
  EXPECT_EQ(
      message([&] { attention.start(); }),
      "generation: a full graph, a causal one or a window was expected, and the edges of this "
      "graph are made for whole sequences");
}

}  // namespace
}  // namespace regard::attention::graphs
