// The plan of a graph (which keys) against its predicate (which pairs), tile by tile.
#include "regard/graph/graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace regard::graph {
namespace {

struct Named {
  Band band;
  Graph graph;
};

std::vector<Named> graphs() {
  std::vector<Named> all;
  for (const bool causal : {false, true}) {
    for (const int64_t left : {kUnlimited, int64_t{0}, int64_t{3}, int64_t{40}}) {
      for (const int64_t right : {kUnlimited, int64_t{0}, int64_t{2}}) {
        for (const int64_t global : {0, 1, 4}) {
          const Band band{left, right, global};
          all.push_back({band, {band, causal}});
        }
      }
    }
  }
  return all;
}

const std::vector<Extent> kExtents = {{1, 1}, {7, 7}, {20, 20}, {1, 13}, {5, 20}, {20, 5}, {13, 1}};

std::string describe(const Band& b, const Graph& g, Extent e) {
  return "left " + std::to_string(b.left) + ", right " + std::to_string(b.right) + ", global " +
         std::to_string(b.global) + (g.causal() ? ", causal, " : ", ") + std::to_string(e.queries) +
         " queries, " + std::to_string(e.keys) + " keys";
}

TEST(Graph, AllowsWhatTheDefinitionSays) {
  for (const auto& [b, g] : graphs()) {
    for (const auto& e : kExtents) {
      SCOPED_TRACE(describe(b, g, e));
      for (int64_t i = 0; i < e.queries; ++i) {
        for (int64_t j = 0; j < e.keys; ++j) {
          const int64_t at = i + e.keys - e.queries;
          const bool in_band = (b.left == kUnlimited || at - j <= b.left) &&
                               (b.right == kUnlimited || j - at <= b.right);
          const bool seen_by_all = b.global > 0 && (j < b.global || at < b.global);
          EXPECT_EQ(g.allows(i, j, e), (in_band || seen_by_all) && (!g.causal() || j <= at))
              << i << ", " << j;
        }
      }
    }
  }
}

TEST(Graph, PlanIsTheSmallestRangeOfEveryTile) {
  for (const auto& [b, g] : graphs()) {
    for (const auto& e : kExtents) {
      SCOPED_TRACE(describe(b, g, e));
      for (const int64_t tile : {1, 3, 16}) {
        for (int64_t first = 0; first < e.queries; first += tile) {
          const int64_t last = std::min(first + tile, e.queries);
          int64_t begin = e.keys, end = 0;
          for (int64_t i = first; i < last; ++i) {
            for (int64_t j = 0; j < e.keys; ++j) {
              if (!g.allows(i, j, e)) continue;
              begin = std::min(begin, j);
              end = std::max(end, j + 1);
            }
          }
          const auto range = g.keys(first, last, e);
          if (begin >= end) {
            EXPECT_EQ(range.size(), 0) << first;
          } else {
            EXPECT_EQ(range.begin, begin) << first << ".." << last;
            EXPECT_EQ(range.end, end) << first << ".." << last;
          }
        }
      }
    }
  }
}

TEST(Graph, PairsAreCounted) {
  for (const auto& [b, g] : graphs()) {
    for (const auto& e : kExtents) {
      int64_t count = 0;
      for (int64_t i = 0; i < e.queries; ++i) {
        for (int64_t j = 0; j < e.keys; ++j) count += g.allows(i, j, e);
      }
      EXPECT_EQ(g.pairs(e), count) << describe(b, g, e);
    }
  }
}

TEST(Graph, NoQueriesNeedNoKeys) {
  EXPECT_EQ(full().keys(3, 3, {5, 5}).size(), 0);
  EXPECT_EQ(full().pairs({0, 5}), 0);
}

TEST(Graph, KnowsWhenOnlyCausalityShapesIt) {
  EXPECT_TRUE(full().plain());
  EXPECT_TRUE(causal().plain());
  EXPECT_TRUE(window(4).window());
  EXPECT_TRUE(Graph(Band{.right = 2}).window());
  // Causality cuts the right half anyway.
  EXPECT_TRUE(Graph(Band{.right = 2}, true).plain());
  EXPECT_EQ(full().name(), "full");
  EXPECT_EQ(causal().name(), "causal");
  EXPECT_EQ(window(4).causally().name(), "a window");
}

// Every other position.
struct Even final : Pattern {
  std::string name() const override { return "of even distances"; }
  bool allows(int64_t query, int64_t key, Extent) const override { return (query - key) % 2 == 0; }
};

TEST(Graph, AKindOfItsOwnIsNeitherPlainNorAWindow) {
  const Graph even(std::make_shared<Even>());
  EXPECT_FALSE(even.plain());
  EXPECT_FALSE(even.window());
  EXPECT_EQ(even.name(), "of even distances");
  EXPECT_EQ(even.pairs({4, 4}), 8);
  EXPECT_EQ(even.causally().pairs({4, 4}), 6);
  const auto range = even.causally().keys(1, 3, {4, 4});
  EXPECT_EQ(range.begin, 0);
  EXPECT_EQ(range.end, 3);
}

TEST(Graph, TwoSequencesHaveNoAxisForCausalityAndWindows) {
  EXPECT_EQ(full().across().refusal(), "");
  EXPECT_EQ(causal().refusal(), "");
  EXPECT_EQ(causal().across().refusal(),
            "the graph is causal, which needs queries and keys of one sequence, and these are of "
            "two");
  EXPECT_FALSE(full().across().one_sequence());
  EXPECT_NE(window(3).across().refusal(), "");
}

TEST(Graph, CountsAMillionPositions) {
  const int64_t n = 1'000'000;
  EXPECT_EQ(full().pairs({n, n}), n * n);
  EXPECT_EQ(causal().pairs({n, n}), n * (n + 1) / 2);
  EXPECT_EQ(window(4).pairs({n, n}), 7 * n - 2 * (3 + 2 + 1));
}

TEST(Graph, CountsWhatLeavesSixtyFourBits) {
  EXPECT_EQ(full().pairs({10'000'000'000, 10'000'000'000}), 1e20);
  EXPECT_NEAR(causal().pairs({10'000'000'000, 10'000'000'000}), 5e19, 1e10);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const double most = static_cast<double>(kMost);
  for (const auto& [b, g] : graphs()) {
    for (const Extent e : {Extent{kMost, kMost}, Extent{kMost, 5}, Extent{5, kMost}}) {
      const double limit = static_cast<double>(e.queries) * static_cast<double>(e.keys);
      const double pairs = g.pairs(e);
      EXPECT_TRUE(pairs > 0 && pairs <= 1.001 * limit) << describe(b, g, e) << ": " << pairs;
    }
    if (b.left == kUnlimited || b.right == kUnlimited || b.global > 0) continue;
    const double width = static_cast<double>(b.left + 1 + (g.causal() ? 0 : b.right));
    EXPECT_NEAR(g.pairs({kMost, kMost}) / most, width, 1e-9 * width) << describe(b, g, {});
  }
}

}  // namespace
}  // namespace regard::graph
