#include "regard/attention/graphs/random.hpp"

#include <gtest/gtest.h>

#include "harness/edge_cases.hpp"

namespace regard::attention::graphs {
namespace {
using harness::message;
using torch::Tensor;

EdgeTensors edges_of(int64_t alpha, int64_t positions, const Tensor& lengths = {},
                     bool causal = false, uint64_t seed = 1) {
  RandomEdges entry;
  entry.alpha = alpha;
  const auto module = entry.build({});
  module->start(seed);
  auto call = call_of(at::zeros({lengths.defined() ? lengths.size(0) : 2, positions, 4}), lengths);
  call.causal = causal;
  return module->forward(call).edges;
}

TEST(RandomGraph, HasItselfAndAlphaOthers) {
  for (const int64_t alpha : {1, 4, 9}) {
    const auto mask = edge_mask(edges_of(alpha, 40), {40, 40}, 1);
    EXPECT_TRUE((mask.sum(-1) == alpha + 1).all().item<bool>());
    EXPECT_TRUE(mask.diagonal(0, 2, 3).all().item<bool>());
  }
}

TEST(RandomGraph, AsManyKeysAsThereAreMeansAll) {
  for (const int64_t alpha : {5, 6, 50}) {
    EXPECT_TRUE(edge_mask(edges_of(alpha, 6), {6, 6}, 1).all().item<bool>()) << alpha;
  }
}

TEST(RandomGraph, LeavesPaddingOutAndCausalityIn) {
  const auto lengths = at::tensor({30, 3, 0}, torch::kLong);
  const auto ragged = edge_mask(edges_of(4, 30, lengths), {30, 30}, 1);
  EXPECT_TRUE((ragged[0].sum(-1) == 5).all().item<bool>());
  EXPECT_TRUE(ragged[1][0].slice(0, 0, 3).slice(1, 0, 3).all().item<bool>());
  EXPECT_FALSE(ragged[1][0].slice(0, 0, 3).slice(1, 3).any().item<bool>());
  const auto causal = edge_mask(edges_of(4, 30, {}, true), {30, 30}, 1)[0][0];
  EXPECT_FALSE((causal & at::ones({30, 30}, torch::kBool).triu(1)).any().item<bool>());
  EXPECT_EQ(causal[20].sum().item<int64_t>(), 5);
  EXPECT_EQ(causal[2].sum().item<int64_t>(), 3);
}

TEST(RandomGraph, TheSeedDecidesAndEveryOtherKeyIsAsLikely) {
  const auto one = edges_of(4, 40), again = edges_of(4, 40), other = edges_of(4, 40, {}, false, 2);
  EXPECT_TRUE(at::equal(one.keys, again.keys));
  EXPECT_FALSE(at::equal(one.keys, other.keys));
  auto counts = at::zeros({10, 10}, torch::kDouble);
  constexpr int kDraws = 2000;
  for (int seed = 0; seed < kDraws; ++seed) {
    counts += edge_mask(edges_of(3, 10, {}, false, static_cast<uint64_t>(seed)), {10, 10}, 1)[0][0];
  }
  const auto others = counts.masked_select(~at::eye(10, torch::kBool)) / kDraws;
  EXPECT_LE((others - 3.0 / 9).abs().max().item<double>(), 5 * std::sqrt(2.0 / 9 / kDraws));
}

TEST(RandomGraph, RefusesAlphaBelowOne) {
  EXPECT_EQ(
      message([] { parse_phrase("random(alpha=0)"); }),
      "phrase \"random(alpha=0)\", random: alpha from 1 to 1073741824 was expected, and 0 came");
}

}  // namespace
}  // namespace regard::attention::graphs
