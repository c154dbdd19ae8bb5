#include "regard/attention/edges.hpp"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "harness/agree.hpp"
#include "harness/edge_cases.hpp"
#include "harness/grad.hpp"
#include "regard/attention/chunks.hpp"
#include "regard/attention/edge_rows.hpp"
#include "regard/graph/edge_list.hpp"

namespace regard::attention {
namespace {
using harness::edges_of_mask;
using harness::with_edges;
using torch::Tensor;

std::vector<int64_t> numbers(const Tensor& x) {
  const auto flat = x.flatten().contiguous();
  return {flat.data_ptr<int64_t>(), flat.data_ptr<int64_t>() + flat.numel()};
}

TEST(EdgeTensors, AreWhatTheHostBuilds) {
  const auto queries = at::tensor({2, 0, 0, 2, 9, 1, 2}, torch::kLong).view({1, 1, -1});
  const auto keys = at::tensor({0, 2, 1, 0, 0, 1, -1}, torch::kLong).view({1, 1, -1});
  const auto gates = at::tensor({-2.0, 0.5, 0.0, -1.0, 7.0, 1.0, 7.0}).view({1, 1, -1});
  const auto made = make_edges(queries, keys, gates, {4, 4});
  const auto list = graph::build_edges(
      std::vector<graph::Edge>{{2, 0, -2}, {0, 2, 0.5}, {0, 1}, {2, 0, -1}, {1, 1, 1}}, {4, 4},
      graph::SelfLoops::kAsGiven);
  EXPECT_EQ(numbers(made.queries), (std::vector<int64_t>{0, 0, 1, 2, 4, 4, 4}));
  EXPECT_EQ(numbers(made.keys.slice(2, 0, 4)), list.keys);
  EXPECT_EQ(numbers(made.offsets(4)), list.offsets);
  for (std::size_t e = 0; e < list.keys.size(); ++e) {
    EXPECT_EQ(made.log_gate.flatten()[static_cast<int64_t>(e)].item<double>(), list.log_gates[e]);
  }
}

TEST(EdgeTensors, OrderAndRepetitionChangeNoBit) {
  const auto x = with_edges({"", 12, 12, graph::full()}, 3);
  const auto twice = [](const Tensor& t) { return at::cat({t, t.slice(2, 0, 9)}, 2); };
  const auto order = harness::random({x.edges.queries.size(2) + 9}, 5).argsort();
  const auto mixed = [&](const Tensor& t) { return twice(t).index_select(2, order); };
  const auto shuffled =
      make_edges(mixed(x.edges.queries), mixed(x.edges.keys), mixed(x.edges.log_gate), {12, 12});
  const auto softmax = harness::fold_of("softmax");
  auto other = x;
  other.edges = shuffled;
  EXPECT_TRUE(at::equal(attend(*softmax.fold, "test", x), attend(*softmax.fold, "test", other)));
}

TEST(EdgeTensors, ACausalCallKeepsKeysBeforeTheQuery) {
  const auto x = with_edges({"", 10, 10, graph::full()}, 4);
  const auto causal = x.edges.causally({10, 10});
  const auto both =
      edge_mask(x.edges, {10, 10}, 1) & graph_mask(graph::causal(), {10, 10}, torch::kCPU);
  EXPECT_TRUE(at::equal(edge_mask(causal, {10, 10}, 1), both));
}

// Vanilla attention, segments with the one before (Transformer-XL), spans of each head, and a
// binary tree of spans.
TEST(Edges, SpecialCasesAreMaskedDenseAttention) {
  constexpr int64_t kPositions = 16;
  const auto i = at::arange(kPositions).unsqueeze(1), j = at::arange(kPositions).unsqueeze(0);
  const auto all = at::ones({1, 1, kPositions, kPositions}, torch::kBool);
  const auto segments = ((j <= i) & (j.floor_divide(4) >= i.floor_divide(4) - 1))
                            .view({1, 1, kPositions, kPositions});
  std::vector<Tensor> of_heads;
  for (const int64_t span : {3, 7}) of_heads.push_back((i - j >= 0) & (i - j <= span));
  const auto spans = at::stack(of_heads).unsqueeze(0);
  // Leaves 0 .. 7 and the 7 nodes above them: a leaf meets its siblings' spans, a node its
  // children.
  auto tree = at::eye(kPositions, torch::kBool);
  for (int64_t leaf = 0; leaf < 8; ++leaf) {
    int64_t node = 8 + leaf / 2, level = 4, first = 8;
    tree[leaf][leaf ^ 1] = true;
    while (level > 1) {
      tree[node][leaf] = true;
      tree[leaf][first + ((node - first) ^ 1)] = true;
      const int64_t above = first + level;
      node = above + (node - first) / 2;
      first = above;
      level /= 2;
    }
    tree[node][leaf] = true;
  }
  for (const auto& mask : {all, segments, spans, tree.view({1, 1, kPositions, kPositions})}) {
    for (const char* kernel : {"edges", "reference"}) {
      SCOPED_TRACE(kernel);
      auto x = harness::leaves(
          harness::make_inputs({"", kPositions, kPositions, graph::full()}, torch::kDouble),
          torch::kDouble);
      auto dense = harness::leaves(x, torch::kDouble);
      x.graph = graph::Graph(graph::Edges{});
      x.edges = edges_of_mask(mask);
      const auto softmax = harness::fold_of("softmax");
      const ops::ForceKernel force(kernel);
      const auto y = attend(*softmax.fold, "test", x);
      const auto expected = softmax.fold->reference(dense, mask);
      EXPECT_LE(harness::relative(y, expected), 1e-12);
      const auto weight = harness::random(y.sizes(), 99);
      (y * weight).sum().backward();
      (expected * weight).sum().backward();
      EXPECT_LE(harness::relative(x.q.grad(), dense.q.grad()), 1e-12);
      EXPECT_LE(harness::relative(x.k.grad(), dense.k.grad()), 1e-12);
      EXPECT_LE(harness::relative(x.v.grad(), dense.v.grad()), 1e-12);
    }
  }
}

TEST(Edges, NoKeyGivesZeroAndOneKeyItsValue) {
  auto x = harness::leaves(harness::make_inputs({"", 4, 4, graph::full()}, torch::kDouble),
                           torch::kDouble);
  x.graph = graph::Graph(graph::Edges{.self = false});
  const auto row = [](std::vector<int64_t> v) {
    return at::tensor(v, torch::kLong).view({1, 1, -1});
  };
  x.edges = make_edges(row({1, 2, 2}), row({3, 0, 1}), {}, {4, 4});
  for (const char* fold : {"softmax", "mean"}) {
    for (const char* kernel : {"edges", "reference"}) {
      const ops::ForceKernel force(kernel);
      const auto parsed = harness::fold_of(fold);
      const auto y = attend(*parsed.fold, "test", x);
      EXPECT_EQ(harness::largest(y.select(2, 0)), 0);
      EXPECT_EQ(harness::largest(y.select(2, 3)), 0);
      EXPECT_TRUE(at::equal(y.select(2, 1), x.v.select(2, 3)));
      const auto g = torch::autograd::grad({y.square().sum()}, {x.q, x.v}, {}, true, false, true);
      if (g[0].defined()) {
        EXPECT_EQ(harness::largest(g[0].select(2, 0)), 0);
        EXPECT_TRUE(g[0].isfinite().all().item<bool>());
      }
      EXPECT_EQ(harness::largest(g[1].select(2, 2)), 0);
    }
  }
}

TEST(Edges, AnyNumberOfKeysAndAHub) {
  constexpr int64_t kKeys = 100000;
  auto queries = at::cat({at::zeros({kKeys}, torch::kLong), at::arange(kKeys)}).view({1, 1, -1});
  auto keys = at::cat({at::arange(kKeys), at::zeros({kKeys}, torch::kLong)}).view({1, 1, -1});
  const auto v = harness::random({1, 1, kKeys, 2}, 3);
  auto x = make_inputs(v, v, v, graph::Graph(graph::Edges{}), "test");
  x.edges = make_edges(queries, keys, {}, {kKeys, kKeys});
  const ops::ForceKernel force("edges");
  const auto y = attend(*harness::fold_of("mean").fold, "test", x);
  EXPECT_LE(harness::relative(y.select(2, 0), v.mean(2)), 1e-12);
  EXPECT_TRUE(at::equal(y.select(2, 5), v.select(2, 0)));
}

TEST(Edges, GatesHaveTheGradientOfDifferences) {
  for (const char* kernel : {"edges", "reference"}) {
    for (const char* fold : {"softmax", "mean"}) {
      SCOPED_TRACE(std::string(fold) + ", " + kernel);
      const ops::ForceKernel force(kernel);
      auto x = with_edges({"", 6, 6, graph::full(), {}, 2, 2, 4}, 3);
      x.edges.log_gate = x.edges.log_gate.detach().requires_grad_();
      const auto parsed = harness::fold_of(fold);
      const auto value = [&] { return harness::probe(attend(*parsed.fold, "test", x)); };
      value().backward();
      const auto expected = harness::central_differences([&] { return value().item<double>(); },
                                                         x.edges.log_gate.detach());
      EXPECT_LE(harness::relative(x.edges.log_gate.grad(), expected), 1e-8);
    }
  }
}

TEST(Edges, ChunksOfQueriesChangeNothing) {
  const auto softmax = harness::fold_of("softmax");
  auto x = harness::leaves(with_edges({"", 23, 23, graph::full(), {23, 11}}, 4), torch::kDouble);
  auto whole = harness::leaves(x, torch::kDouble);
  const auto run = [&](const Inputs& c) {
    auto y = c;
    const auto gates = expand_groups(c.edges.log_gate, c.heads);
    y.bias = edges_to_matrix(gates, c.edges, {c.queries, c.keys()}, 0);
    return softmax.fold->reference(y, dense_mask(y));
  };
  const auto y = in_chunks(x, 5, run), expected = run(whole);
  EXPECT_LE(harness::relative(y, expected), 1e-14);
  const auto weight = harness::random(y.sizes(), 99);
  (y * weight).sum().backward();
  (expected * weight).sum().backward();
  for (const auto& [a, b] : {std::pair{x.q, whole.q}, {x.k, whole.k}, {x.v, whole.v}}) {
    EXPECT_LE(harness::relative(a.grad(), b.grad()), 1e-13);
  }
}

TEST(Edges, DropoutOfWeightsIsThatOfTheReference) {
  const RandomContext random{7, at::tensor(3, torch::kLong)};
  const auto softmax = harness::fold_of("softmax");
  auto x = with_edges({"", 12, 12, graph::full()}, 4);
  x.dropout = {0.5, 11};
  x.random = &random;
  Tensor first;
  for (const char* kernel : {"edges", "reference"}) {
    const ops::ForceKernel force(kernel);
    const auto y = attend(*softmax.fold, "test", x);
    if (first.defined()) {
      EXPECT_LE(harness::relative(y, first), 1e-13);
    }
    first = y;
  }
  x.random = nullptr;
  EXPECT_GT(harness::relative(attend(*softmax.fold, "test", x), first), 0.1);
}

TEST(Edges, WhatIsRefused) {
  const auto x = with_edges({"", 6, 6, graph::full()}, 3);
  const auto error = [&](const std::string& fold, const Inputs& given) {
    return harness::message([&] { attend(*harness::fold_of(fold).fold, fold, given); });
  };
  auto none = x;
  none.edges = {};
  EXPECT_EQ(error("softmax", none), "softmax: the graph is edges, and none were given");
  EXPECT_EQ(error("linear", x),
            "linear: the edges have weights, and this fold has nothing that they enter");
  EXPECT_EQ(error("additive", x),
            "additive: the fold has parameters of its own, and none were given");
  auto alone = x;
  alone.graph = graph::Graph(graph::Edges{.self = false});
  alone.edges.log_gate = Tensor();
  EXPECT_EQ(error("hrr", alone),
            "hrr: hrr needs each token among its own keys, and these edges need not hold it");
}

// A fold that needs all queries at once has one mask; the others take it in chunks, which fit.
TEST(Edges, AMaskThatDoesNotFitIsRefusedWithItsBytes) {
  const ops::Problem problem{.batch = 1,
                             .heads = 1,
                             .kv_heads = 1,
                             .queries = 100'000'000,
                             .keys = 100'000'000,
                             .width = 8,
                             .graph = graph::Graph(graph::Edges{})};
  const auto reasons = [&](const std::string& fold) {
    auto rows = candidates(*harness::fold_of(fold).fold, fold, problem);
    return harness::message([&] { ops::choose(rows, "", fold); });
  };
  const auto hrr = reasons("hrr");
  EXPECT_NE(hrr.find("hrr: no kernel can do this"), hrr.npos) << hrr;
  EXPECT_NE(hrr.find("one dense mask with its scores takes 145519.2 TiB, and "), hrr.npos) << hrr;
  EXPECT_EQ(reasons("sigmoid"), "no InputError");
}

TEST(Edges, OverlapCountsPairsButNotATokenWithItself) {
  const auto row = [](std::vector<int64_t> v) {
    return at::tensor(v, torch::kLong).view({1, 1, -1});
  };
  const auto planted = make_edges(row({0, 1, 2, 3}), row({0, 3, 1, 0}), {}, {4, 4});
  const auto kept = make_edges(row({0, 1, 2, 2}), row({0, 3, 0, 2}), {}, {4, 4});
  const auto both = overlap(planted, kept, {4, 4});
  EXPECT_EQ(both.shared, 1);
  EXPECT_EQ(both.all, 3);
}

}  // namespace
}  // namespace regard::attention
