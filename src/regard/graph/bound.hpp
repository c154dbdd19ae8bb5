// From a matrix of attention weights to a graph, row by row, on the host in float64.
//
// Row i has weights P_ij over n keys, mean m, largest x, standard deviation s (divisor n - 1, the
// diagonal among them). Kept are the pairs with P_ij >= tau_i:
//   mean    tau = m + delta s
//   max     tau = x - delta s
//   degree  the k largest beside the diagonal, the earlier of equal ones
// One key alone, and a row of equal weights, are kept.
//
// The rules and the paper's edges: Bugueno and de Melo 2025, arXiv 2508.00864, as the public code
// of that group has them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "regard/graph/edge_list.hpp"

namespace regard::graph {

struct BoundRule {
  enum class Kind { kMean, kMax, kDegree };
  Kind kind = Kind::kMax;
  double delta = 0.5;
  int64_t degree = 0;  // of kDegree
};

/// s of a row; 0 where it has one weight.
double deviation(std::span<const double> row);
/// tau of a row by kMean or kMax.
double threshold(std::span<const double> row, const BoundRule& rule);

struct WeightedPair {
  int64_t query = 0, key = 0;
  double weight = 0;
};

/// The kept pairs of a matrix (n, n), rows in order and keys increasing. `matrix` has n n numbers.
std::vector<WeightedPair> kept_pairs(std::span<const double> matrix, int64_t n,
                                     const BoundRule& rule);

/// Two nodes, each direction counted: `copies` 2 where both directions were kept.
struct PaperEdge {
  int64_t query = 0, key = 0;
  double weight = 0;  // the largest of those that fell together
  int64_t copies = 1;
};

/// The paper's undirected graph: positions with one id are one node, numbered in the order of their
/// first place; pairs of one node are left out, of like pairs the largest weight counts. Where
/// nothing but its own node is left of a row, and no edge leads to the node yet, it is joined to
/// the positions before and behind it with half the weight. Then each edge is there in both
/// directions, a mutual pair twice. `kept` as kept_pairs gives it, `ids` (n).
struct PaperGraph {
  std::vector<int64_t> first;  // of each node, its first position
  std::vector<PaperEdge> edges;
  /// Edges as the paper counts them, copies among them.
  int64_t count() const;
};
PaperGraph paper_graph(std::span<const WeightedPair> kept, std::span<const int64_t> ids);

}  // namespace regard::graph
