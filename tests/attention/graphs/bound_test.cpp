#include "regard/attention/graphs/bound.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "harness/edge_cases.hpp"
#include "regard/attention/self_attention.hpp"

namespace regard::attention {
namespace {
using graph::BoundRule;
using harness::message;
using Kind = BoundRule::Kind;
using torch::Tensor;
using Pairs = std::set<std::pair<int64_t, int64_t>>;

/// One head of width n whose softmax is the given matrix: q = rows of log P, k = 1
/// at its key.
std::pair<Tensor, Tensor> with_weights(const Tensor& p) {
  const auto n = p.size(0);
  const double root = std::sqrt(static_cast<double>(n));
  return {(p.log() * root).view({1, 1, n, n}), at::eye(n, p.options()).view({1, 1, n, n})};
}

Pairs pairs_of(const BoundPairs& pairs, int64_t b, int64_t positions) {
  Pairs found;
  for (int64_t e = 0; e < pairs.queries.size(2); ++e) {
    const auto i = pairs.queries[b][0][e].item<int64_t>();
    if (i < positions) found.insert({i, pairs.keys[b][0][e].item<int64_t>()});
  }
  return found;
}

Pairs kept(const Tensor& p, const BoundRule& rule) {
  const auto [q, k] = with_weights(p);
  BoundOptions options;
  options.rule = rule;
  return pairs_of(bound_pairs(q, k, {}, options), 0, p.size(0));
}

TEST(BoundGraph, KeepsTheSetsOfTheMatrixByHand) {
  const auto p = at::tensor({.4, .3, .2, .1, .25, .25, .25, .25, .7, .1, .1, .1, .1, .2, .3, .4},
                            torch::kDouble)
                     .view({4, 4});
  const Pairs half = {{0, 0}, {1, 0}, {1, 1}, {1, 2}, {1, 3}, {2, 0}, {3, 3}};
  for (const auto type : {torch::kDouble, torch::kFloat}) {
    EXPECT_EQ(kept(p.to(type), {Kind::kMean, .5}), half);
    EXPECT_EQ(kept(p.to(type), {Kind::kMax, .5}), half);
    EXPECT_EQ(kept(p.to(type), {Kind::kMax, 1}),
              (Pairs{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {1, 2}, {1, 3}, {2, 0}, {3, 2}, {3, 3}}));
  }
}

TEST(BoundGraph, OneAndTwoPositions) {
  EXPECT_EQ(kept(at::ones({1, 1}), {Kind::kMean, 1}), (Pairs{{0, 0}}));
  const auto two = at::tensor({.7, .3, .7, .3}, torch::kDouble).view({2, 2});
  EXPECT_EQ(kept(two, {Kind::kMean, .5}), (Pairs{{0, 0}, {1, 0}}));
  EXPECT_TRUE(kept(two, {Kind::kMean, 1}).empty());
}

TEST(BoundGraph, EqualRowsKeepAllInFp32) {
  for (const int64_t n : {7, 20, 1000}) {
    for (const int64_t heads : {1, 3, 4}) {
      const auto q = at::zeros({1, heads, n, 8}), k = at::randn({1, heads, n, 8});
      for (const auto kind : {Kind::kMean, Kind::kMax}) {
        BoundOptions options;
        options.rule = {kind, .5};
        const auto pairs = bound_pairs(q, k, {}, options);
        EXPECT_EQ((pairs.queries < n).sum().item<int64_t>(), n * n) << n << " " << heads;
      }
    }
  }
}

/// P in float64, dense.
Tensor dense(const Tensor& q, const Tensor& k) {
  const auto s = at::matmul(q.to(torch::kDouble), k.to(torch::kDouble).transpose(2, 3)) /
                 std::sqrt(static_cast<double>(q.size(3)));
  return at::softmax(s, -1).mean(1);
}

TEST(BoundGraph, AThousandDocumentsHaveTheEdgesOfDenseFloat64) {
  at::manual_seed(5);
  int64_t differing = 0;
  for (int document = 0; document < 1000; ++document) {
    const int64_t n = 1 + document % 40;
    const auto scale = std::pow(10.0, (document % 5) - 3);  // flat rows and sharp ones
    const auto q = at::randn({1, 4, n, 8}) * scale, k = at::randn({1, 4, n, 8});
    const auto p = dense(q, k)[0].contiguous();
    const std::span<const double> all(p.data_ptr<double>(), static_cast<std::size_t>(n * n));
    for (const auto& rule : {BoundRule{Kind::kMean, .5}, BoundRule{Kind::kMax, .5}}) {
      BoundOptions options;
      options.rule = rule;
      options.chunk_weights = 4 * n * 3;  // three rows at a time
      const auto found = pairs_of(bound_pairs(q, k, {}, options), 0, n);
      Pairs wanted;
      for (const auto& pair : graph::kept_pairs(all, n, rule))
        wanted.insert({pair.query, pair.key});
      for (int64_t i = 0; i < n; ++i) {
        const auto row = all.subspan(static_cast<std::size_t>(i * n), static_cast<std::size_t>(n));
        const double tau = graph::threshold(row, rule);
        for (int64_t j = 0; j < n; ++j) {
          if (found.contains({i, j}) == wanted.contains({i, j})) continue;
          ++differing;
          EXPECT_LE(std::abs(row[static_cast<std::size_t>(j)] - tau), 1e-5 * tau)
              << n << " " << scale;
        }
      }
    }
  }
  EXPECT_LE(differing, 100);
}

TEST(BoundGraph, DegreeKeepsTheLargestBesideItself) {
  const auto p = at::tensor({.4, .3, .2, .1, .25, .25, .25, .25, .7, .1, .1, .1, .1, .2, .3, .4},
                            torch::kDouble)
                     .view({4, 4});
  EXPECT_EQ(kept(p, {Kind::kDegree, 0, 1}), (Pairs{{0, 1}, {1, 0}, {2, 0}, {3, 2}}));
  EXPECT_EQ(kept(p, {Kind::kDegree, 0, 9}).size(), 12U);
}

TEST(BoundGraph, PaddingAndLaterPositionsAreNotSeen) {
  at::manual_seed(6);
  const auto q = at::randn({2, 2, 9, 4}), k = at::randn({2, 2, 9, 4});
  BoundOptions options;
  const auto lengths = at::tensor({9, 5}, torch::kLong);
  const auto ragged = bound_pairs(q, k, lengths, options);
  const auto alone = bound_pairs(q.narrow(0, 1, 1).narrow(2, 0, 5),
                                 k.narrow(0, 1, 1).narrow(2, 0, 5), {}, options);
  EXPECT_EQ(pairs_of(ragged, 1, 9), pairs_of(alone, 0, 5));
  options.causal = true;
  for (const auto& [i, j] : pairs_of(bound_pairs(q, k, {}, options), 0, 9)) EXPECT_LE(j, i);
}

std::shared_ptr<GraphModule> module_of(const std::string& phrase, int64_t width = 6) {
  Size size;
  size.model_width = width;
  size.heads = 2;
  size.head_width = width / 2;
  return parse_phrase(phrase).graph->build(size);
}

TEST(BoundGraph, GatesAreLogWeightsAndTheirGradientReachesTheProjections) {
  at::manual_seed(7);
  auto module = module_of("bound(rule=mean)");
  module->to(torch::kDouble);
  const auto x = at::randn({2, 7, 6}, torch::kDouble);
  const auto weigh = [&] {
    const auto edges = module->forward(call_of(x, {})).edges;
    const auto exists = edge_exists(edges, 7);
    return (edges.log_gate * exists * at::arange(1, edges.keys.size(2) + 1)).sum();
  };
  const auto base = weigh();
  base.backward();
  for (auto& item : module->named_parameters()) {
    const auto grad = item.value().grad();
    ASSERT_TRUE(grad.defined()) << item.key();
    const torch::NoGradGuard guard;
    auto flat = item.value().view({-1});
    for (const int64_t at : {0, 5, 11}) {
      constexpr double kStep = 1e-6;
      flat[at] += kStep;
      const double up = weigh().item<double>();
      flat[at] -= 2 * kStep;
      const double down = weigh().item<double>();
      flat[at] += kStep;
      EXPECT_NEAR((up - down) / (2 * kStep), grad.view({-1})[at].item<double>(), 1e-4);
    }
  }
}

TEST(BoundGraph, EdgesJoinBothPositionsAndEachMeetsItself) {
  at::manual_seed(8);
  const auto module = module_of("bound");
  const auto x = at::randn({1, 12, 6});
  const auto mask = edge_mask(module->forward(call_of(x, {})).edges, {12, 12}, 1)[0][0];
  EXPECT_TRUE(at::equal(mask, mask.t()));
  EXPECT_TRUE(mask.diagonal().all().item<bool>());
  const auto causal = edge_mask(module->forward(call_of(x, {}, true)).edges, {12, 12}, 1)[0][0];
  EXPECT_FALSE(causal.triu(1).any().item<bool>());
}

TEST(BoundGraph, ThePapersModeIgnoresWeightsAndCountsMutualPairsTwice) {
  at::manual_seed(9);
  const auto module = module_of("bound(rule=mean,mode=paper)");
  const auto edges =
      module->forward(call_of(at::randn({2, 8, 6}), at::tensor({8, 1}, torch::kLong))).edges;
  const auto gates = edges.log_gate.exp();
  EXPECT_TRUE(((gates - 1).abs().lt(1e-6) | (gates - 2).abs().lt(1e-6)).all().item<bool>());
  EXPECT_TRUE(gates[0].gt(1.5).any().item<bool>());
}

TEST(BoundGraph, RunsInAPhraseWithGradient) {
  at::manual_seed(10);
  SelfAttentionOptions options;
  options.width = 8;
  options.heads = 2;
  SelfAttention attention(parse_phrase("bound(degree=2)"), options);
  const auto y = attention.forward(at::randn({2, 10, 8}), at::tensor({10, 4}, torch::kLong));
  y.square().sum().backward();
  for (const auto& item : attention.named_parameters())
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
}

TEST(BoundGraph, OptionsThatDoNotGoTogetherAreRefused) {
  const auto refusal = [](const std::string& phrase) {
    return message([&] { parse_phrase(phrase); });
  };
  EXPECT_NE(refusal("bound(delta=0.5,degree=4)").find("both came"), std::string::npos);
  EXPECT_NE(refusal("bound(rule=mean,degree=4)").find("both came"), std::string::npos);
  EXPECT_NE(refusal("bound(degree=0)").find("degree of at least 1"), std::string::npos);
  EXPECT_NE(refusal("bound(delta=-3)").find("delta of at least 0"), std::string::npos);
  EXPECT_NE(refusal("bnd(rule=max)").find("bound"), std::string::npos);
  EXPECT_EQ(parse_phrase("bound(rule=max,delta=0.5)").canonical, "bound");
  EXPECT_NE(message([] { check_meaning(parse_phrase("bound(mode=paper)"), true); }).find("causal"),
            std::string::npos);
}

}  // namespace
}  // namespace regard::attention
