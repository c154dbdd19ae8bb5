#include "regard/graph/bound.hpp"

#include <gtest/gtest.h>

#include <set>

namespace regard::graph {
namespace {
using Kind = BoundRule::Kind;

const std::vector<double> kMatrix = {.4, .3, .2, .1, .25, .25, .25, .25,
                                     .7, .1, .1, .1, .1,  .2,  .3,  .4};

std::span<const double> row(std::size_t i) { return std::span(kMatrix).subspan(4 * i, 4); }

std::vector<std::set<int64_t>> keys_of(const std::vector<WeightedPair>& kept, std::size_t n) {
  std::vector<std::set<int64_t>> keys(n);
  for (const auto& pair : kept) keys[static_cast<std::size_t>(pair.query)].insert(pair.key);
  return keys;
}

TEST(Bound, DeviationsAndThresholdsOfAMatrixByHand) {
  const double s[] = {.129099, 0, .3, .129099}, mean[] = {.314550, .25, .4, .314550},
               top[] = {.335450, .25, .55, .335450};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(deviation(row(i)), s[i], 1e-6);
    EXPECT_NEAR(threshold(row(i), {Kind::kMean, .5}), mean[i], 1e-6);
    EXPECT_NEAR(threshold(row(i), {Kind::kMax, .5}), top[i], 1e-6);
  }
}

TEST(Bound, KeepsWhatIsAboveTheThreshold) {
  using Keys = std::vector<std::set<int64_t>>;
  const Keys half = {{0}, {0, 1, 2, 3}, {0}, {3}};
  EXPECT_EQ(keys_of(kept_pairs(kMatrix, 4, {Kind::kMean, .5}), 4), half);
  EXPECT_EQ(keys_of(kept_pairs(kMatrix, 4, {Kind::kMax, .5}), 4), half);
  EXPECT_EQ(keys_of(kept_pairs(kMatrix, 4, {Kind::kMax, 1}), 4),
            (Keys{{0, 1}, {0, 1, 2, 3}, {0}, {2, 3}}));
  EXPECT_EQ(keys_of(kept_pairs(kMatrix, 4, {Kind::kDegree, 0, 2}), 4),
            (Keys{{1, 2}, {0, 2}, {0, 1}, {1, 2}}));
}

TEST(Bound, OneSentenceIsKeptAlone) {
  const auto kept = kept_pairs(std::vector<double>{1}, 1, {Kind::kMean, 1});
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(deviation(std::vector<double>{1}), 0);
  const auto graph = paper_graph(kept, std::vector<int64_t>{0});
  EXPECT_EQ(graph.first.size(), 1U);
  EXPECT_TRUE(graph.edges.empty());
}

TEST(Bound, TwoSentences) {
  const std::vector<double> rows = {.7, .3, .7, .3};
  EXPECT_NEAR(deviation(std::span(rows).first(2)), .282843, 1e-6);
  EXPECT_EQ(keys_of(kept_pairs(rows, 2, {Kind::kMean, .5}), 2)[0], (std::set<int64_t>{0}));
  EXPECT_EQ(keys_of(kept_pairs(rows, 2, {Kind::kMax, .5}), 2)[0], (std::set<int64_t>{0}));
  EXPECT_TRUE(kept_pairs(rows, 2, {Kind::kMean, 1}).empty());
}

TEST(Bound, RowsOfEqualWeightsAreKeptWhole) {
  for (const int64_t n : {7, 20, 1000}) {
    const std::vector<double> equal(static_cast<std::size_t>(n * n), 1.0 / static_cast<double>(n));
    for (const auto kind : {Kind::kMean, Kind::kMax})
      EXPECT_EQ(static_cast<int64_t>(kept_pairs(equal, n, {kind, 1}).size()), n * n) << n;
  }
}

TEST(PaperGraph, OnlyTheDiagonalIsLeftSoNeighboursAreJoinedAtHalfWeight) {
  const std::vector<WeightedPair> kept = {{0, 0, .8}, {1, 1, .6}, {2, 2, .4}};
  const std::vector<int64_t> ids = {0, 1, 2};
  const auto graph = paper_graph(kept, ids);
  // Node 0 is joined to 1, which then has an edge, as has 0 by none: 1 is left; 2 is joined to 1.
  ASSERT_EQ(graph.edges.size(), 4U);
  EXPECT_EQ(graph.edges[0].query, 0);
  EXPECT_EQ(graph.edges[0].key, 1);
  EXPECT_DOUBLE_EQ(graph.edges[0].weight, .4);
  EXPECT_EQ(graph.edges[3].query, 2);
  EXPECT_EQ(graph.edges[3].key, 1);
  EXPECT_DOUBLE_EQ(graph.edges[3].weight, .2);
  EXPECT_EQ(graph.count(), 4);
}

TEST(PaperGraph, LikeSentencesAreOneNodeWithTheLargestWeight) {
  // Positions 0 and 2 are the same sentence.
  const std::vector<WeightedPair> kept = {
      {0, 1, .3}, {0, 2, .9}, {1, 3, .5}, {2, 1, .7}, {3, 1, .2}};
  const std::vector<int64_t> ids = {4, 5, 4, 6};
  const auto graph = paper_graph(kept, ids);
  EXPECT_EQ(graph.first, (std::vector<int64_t>{0, 1, 3}));
  ASSERT_EQ(graph.edges.size(), 4U);
  EXPECT_DOUBLE_EQ(graph.edges[0].weight, .7);  // 0 - 1, kept twice in one direction
  EXPECT_EQ(graph.edges[0].copies, 1);
  EXPECT_DOUBLE_EQ(graph.edges[2].weight, .5);  // 1 - 2, kept in both directions
  EXPECT_EQ(graph.edges[2].copies, 2);
  EXPECT_EQ(graph.count(), 6);
}

TEST(Bound, RefusesAMatrixOfAnotherSize) {
  EXPECT_THROW(kept_pairs(std::vector<double>(3), 2, {}), std::runtime_error);
}

}  // namespace
}  // namespace regard::graph
