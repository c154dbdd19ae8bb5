// Edges on the host as compressed rows (CSR): for each query its keys in increasing order, each
// once.
//
//   keys of query i = keys[offsets[i]] .. keys[offsets[i + 1] - 1]
//
// A log gate is added to the score of its edge; without gates every edge counts alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "regard/graph/graph.hpp"

namespace regard::graph {

/// Query `query` meets key `key`.
struct Edge {
  int64_t query = 0, key = 0;
  double log_gate = 0;
};

struct EdgeList {
  std::vector<int64_t> offsets;   // (queries + 1)
  std::vector<int64_t> keys;      // (edges)
  std::vector<double> log_gates;  // (edges), or empty: all are 0

  int64_t queries() const { return static_cast<int64_t>(offsets.size()) - 1; }
  int64_t size() const { return static_cast<int64_t>(keys.size()); }
  /// The query of each edge, (edges).
  std::vector<int64_t> edge_queries() const;
};

/// Whether each position meets itself, with log gate 0, where no edge says so already.
enum class SelfLoops { kAdd, kAsGiven };

/// Sorts edges and merges those that are alike into one with the largest log gate, so that neither
/// order nor
/// repetition changes a bit. InputError for an edge outside of `extent` and for a gate that is not
/// finite.
EdgeList build_edges(std::span<const Edge> edges, Extent extent, SelfLoops loops);

}  // namespace regard::graph
