#include "regard/graph/edge_list.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"

namespace regard::graph {
namespace {

TEST(EdgeList, SortsMergesAndAddsSelfLoops) {
  const std::vector<Edge> edges = {{2, 0}, {0, 2}, {0, 1}, {2, 0}, {1, 1}};
  const auto list = build_edges(edges, {4, 4}, SelfLoops::kAdd);
  EXPECT_EQ(list.offsets, (std::vector<int64_t>{0, 3, 4, 6, 7}));
  EXPECT_EQ(list.keys, (std::vector<int64_t>{0, 1, 2, 1, 0, 2, 3}));
  EXPECT_TRUE(list.log_gates.empty());
  EXPECT_EQ(list.edge_queries(), (std::vector<int64_t>{0, 0, 0, 1, 2, 2, 3}));
  const auto given = build_edges(edges, {4, 4}, SelfLoops::kAsGiven);
  EXPECT_EQ(given.offsets, (std::vector<int64_t>{0, 2, 3, 4, 4}));
}

TEST(EdgeList, OfEqualPairsTheLargestGateStays) {
  const std::vector<Edge> edges = {{0, 1, -2.0}, {0, 1, -0.5}, {0, 0, 0.25}, {0, 1, -3.0}};
  const auto list = build_edges(edges, {1, 2}, SelfLoops::kAdd);
  EXPECT_EQ(list.keys, (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(list.log_gates, (std::vector<double>{0.25, -0.5}));
}

TEST(EdgeList, OrderAndRepetitionChangeNoBit) {
  Random random(1, RandomStream::kTest);
  for (int round = 0; round < 200; ++round) {
    std::vector<Edge> edges;
    const int64_t size = 1 + static_cast<int64_t>(random.below(9));
    for (uint64_t i = random.below(40); i > 0; --i) {
      edges.push_back({static_cast<int64_t>(random.below(static_cast<uint64_t>(size))),
                       static_cast<int64_t>(random.below(static_cast<uint64_t>(size))),
                       std::floor(4 * random.uniform()) - 2});
    }
    const auto list = build_edges(edges, {size, size}, SelfLoops::kAdd);
    auto other = edges;
    for (uint64_t i = random.below(10); i > 0 && !edges.empty(); --i) {
      other.push_back(edges[random.below(edges.size())]);
    }
    for (std::size_t i = other.size(); i > 1; --i) std::swap(other[i - 1], other[random.below(i)]);
    const auto again = build_edges(other, {size, size}, SelfLoops::kAdd);
    EXPECT_EQ(list.offsets, again.offsets);
    EXPECT_EQ(list.keys, again.keys);
    EXPECT_EQ(list.log_gates, again.log_gates);
  }
}

TEST(EdgeList, AHubOfAHundredThousandKeysAndRowsWithoutAny) {
  std::vector<Edge> edges;
  constexpr int64_t kKeys = 100000;
  for (int64_t j = kKeys - 1; j >= 0; --j) edges.push_back({7, j});
  const auto list = build_edges(edges, {10, kKeys}, SelfLoops::kAsGiven);
  EXPECT_EQ(list.size(), kKeys);
  EXPECT_EQ(list.offsets[7], 0);
  EXPECT_EQ(list.offsets[8], kKeys);
  EXPECT_TRUE(std::is_sorted(list.keys.begin(), list.keys.end()));
}

TEST(EdgeList, RefusesWhatIsOutsideAndGatesThatAreNoNumbers) {
  const auto error = [](Edge edge) -> std::string {
    try {
      build_edges(std::vector<Edge>{edge}, {3, 4}, SelfLoops::kAdd);
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(error({3, 0}),
            "edges: a query below 3 and a key below 4 were expected, and 3 and 0 came");
  EXPECT_EQ(error({0, -1}),
            "edges: a query below 3 and a key below 4 were expected, and 0 and -1 came");
  EXPECT_EQ(error({1, 2, std::nan("")}), "edges: the log gate of query 1 and key 2 is not finite");
  EXPECT_EQ(error({2, 3}), "");
}

TEST(EdgeGraph, SaysWhatIsKnownWithoutItsEdges) {
  const Graph graph(Edges{.per_query = 4});
  EXPECT_FALSE(graph.plain());
  EXPECT_EQ(graph.window(), nullptr);
  EXPECT_NE(graph.edges(), nullptr);
  EXPECT_EQ(full().edges(), nullptr);
  EXPECT_EQ(graph.name(), "edges");
  EXPECT_EQ(graph.pairs({10, 10}), 40);
  EXPECT_EQ(graph.pairs({10, 3}), 30);
  EXPECT_EQ(graph.causally().pairs({10, 10}), 1 + 2 + 3 + 7 * 4);
  EXPECT_EQ(Graph(Edges{}).pairs({10, 10}), 100);
  EXPECT_EQ(graph.keys(2, 5, {10, 10}).size(), 10);
  EXPECT_EQ(graph.causally().keys(2, 5, {10, 10}).end, 5);
  EXPECT_EQ(graph.across().refusal(),
            "the graph is edges, which needs queries and keys of one sequence, and these are of "
            "two");
}

}  // namespace
}  // namespace regard::graph
