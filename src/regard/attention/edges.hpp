// Edges as tensors: compressed rows (CSR) by query with room for C edges, so that sizes do not
// depend on how many there
// are. Each query has its keys in increasing order, each once.
//
// Shapes: B examples or 1 (shared by the batch), G groups of heads or 1 (shared by all heads), C
// the room.
#pragma once

#include <torch/types.h>

#include "regard/graph/graph.hpp"

namespace regard::attention {

struct EdgeTensors {
  torch::Tensor queries;   // (B, G, C) int64, increasing; behind the last edge: T_q
  torch::Tensor keys;      // (B, G, C) int64; behind the last edge: 0
  torch::Tensor log_gate;  // (B, G, C) added to the score of the edge, or undefined: 0

  bool defined() const { return queries.defined(); }
  /// (B, G, T_q + 1): the edges of query i are offsets[i] .. offsets[i + 1] - 1, and offsets[T_q]
  /// is their number.
  torch::Tensor offsets(int64_t count) const;
  /// Those of queries first .. first + count - 1, renumbered from 0.
  EdgeTensors rows(int64_t first, int64_t count) const;
  /// Those of example `b` alone.
  EdgeTensors example(int64_t b) const;
  /// Those with key <= query, where both are positions of one sequence.
  EdgeTensors causally(graph::Extent extent) const;
};

/// Sorts pairs (B, G, E) and merges those that are alike into one with the largest log gate: by
/// sorting, searching and
/// scattering, without a look at the data from the host. A pair with a query or key outside of the
/// extent is none.
EdgeTensors make_edges(const torch::Tensor& queries, const torch::Tensor& keys,
                       const torch::Tensor& log_gate, graph::Extent extent);

/// `pairs` (B, G, E) with a pair (i, i) for each position before them, as two tensors.
std::pair<torch::Tensor, torch::Tensor> with_self_loops(const torch::Tensor& queries,
                                                        const torch::Tensor& keys,
                                                        int64_t positions);

/// True where an edge is, (B, G, C).
torch::Tensor edge_exists(const EdgeTensors& edges, int64_t queries);

/// `values` (B, h or G, C), one for each edge, as a matrix (B, h or G, T_q, T_k) with `rest`
/// elsewhere.
torch::Tensor edges_to_matrix(const torch::Tensor& values, const EdgeTensors& edges,
                              graph::Extent extent, double rest);
/// True where an edge is, (B, h or 1, T_q, T_k).
torch::Tensor edge_mask(const EdgeTensors& edges, graph::Extent extent, int64_t heads);

/// (B, G, C) as (B, h, C), whose heads share what their group has.
torch::Tensor expand_groups(const torch::Tensor& x, int64_t heads);

/// How many edges of `a` are among those of `b`, and how many `a` has; pairs of a position with
/// itself do not count.
/// Host numbers. One of the two may be shared by the batch or by the heads; `a` then counts as
/// often as `b` has sets.
struct Overlap {
  double shared = 0, all = 0;
};
Overlap overlap(const EdgeTensors& a, const EdgeTensors& b, graph::Extent extent);

}  // namespace regard::attention
