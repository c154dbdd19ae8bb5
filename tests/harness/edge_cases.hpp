// Inputs on a graph of edges.
#pragma once

#include "harness/case.hpp"
#include "harness/message.hpp"
#include "regard/attention/edges.hpp"

namespace regard::harness {

/// The edges of a boolean mask (B, G, T_q, T_k).
inline attention::EdgeTensors edges_of_mask(const Tensor& mask) {
  const graph::Extent extent{mask.size(2), mask.size(3)};
  const auto places = at::arange(extent.queries * extent.keys).view({1, 1, -1});
  const auto flat = mask.flatten(2);
  const auto queries = at::where(flat, places.floor_divide(extent.keys), extent.queries);
  return attention::make_edges(
      queries, places.remainder(extent.keys).expand(flat.sizes()).contiguous(), {}, extent);
}

/// Inputs of `c`, whose graph becomes edges: each query itself and about `degree` others, with log
/// gates, alike for all heads and
/// different for each example.
inline Inputs with_edges(const Case& c, int64_t degree, torch::ScalarType dtype = torch::kDouble) {
  auto x = make_inputs(c, dtype);
  const auto chance = random({x.v.size(0), 1, c.queries, c.keys}, 21);
  auto mask = chance > 1.0 - 2.0 * static_cast<double>(degree) / static_cast<double>(c.keys);
  mask = mask | at::eye(c.queries, c.keys, torch::kBool);
  x.graph = graph::Graph(graph::Edges{}, c.graph.causal());
  x.edges = edges_of_mask(mask);
  x.edges.log_gate = random(x.edges.queries.sizes(), 22);
  return x;
}

}  // namespace regard::harness
