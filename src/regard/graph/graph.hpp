// Which pairs of positions may meet. A graph answers two questions and owns no tensor:
//   allows(i, j)          is this entry alive?          (what lies inside a tile)
//   keys(first, last)     which keys do these queries need?   (which tiles to visit)
//
// The last query aligns with the last key: with fewer queries than keys (generation), query i sits at
// position i + (keys - queries).
#pragma once

#include <cstdint>
#include <string>

namespace regard::graph {

struct Extent {
  int64_t queries = 0;
  int64_t keys = 0;
};

struct Range {
  int64_t begin = 0;
  int64_t end = 0;  // one past the last
  int64_t size() const { return end - begin; }
};

constexpr int64_t kUnlimited = -1;

/// A band around the diagonal: `left` keys before the query and `right` after it, besides itself; the first
/// `global` positions see and are seen by all. Causality (j <= i) holds on top of everything.
struct Graph {
  int64_t left = kUnlimited;
  int64_t right = kUnlimited;
  int64_t global = 0;
  bool causal = false;

  bool banded() const { return left != kUnlimited || (right != kUnlimited && !causal); }
  /// Every allowed pair is one that causality alone would allow, or all pairs.
  bool plain() const { return !banded(); }

  bool allows(int64_t query, int64_t key, Extent extent) const;
  /// The smallest range that holds every key that queries [first, last) may meet.
  Range keys(int64_t first, int64_t last, Extent extent) const;
  /// Number of allowed pairs, for costs: in closed form, exact below 2^53.
  double pairs(Extent extent) const;
};

Graph full();
Graph causal();
/// |i - j| < width; causal: the query and the width - 1 keys before it.
Graph window(int64_t width);

}  // namespace regard::graph
