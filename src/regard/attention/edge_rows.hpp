// A fold on edges by gathering and adding: work and memory grow with the edges, not with the pairs.
//
//   scores s_e of edge e = (i, j);   a_e = exp(s_e) / sum over the edges of i;   y_i = sum over the
//   edges of i of a_e v_j
//
// Sums are added in the order of the edges. Rows without an edge give 0.
#pragma once

#include "regard/attention/fold.hpp"

namespace regard::attention {

/// Edges for every example and head, (B, h, C), with keys and queries that are padding left out.
struct EdgeRows {
  torch::Tensor queries, keys;  // int64, in range everywhere
  torch::Tensor exists;         // bool
  torch::Tensor log_gate;       // of the type of sums, or undefined
  int64_t count = 0;            // T_q
};
EdgeRows edge_rows(const Inputs& x);

/// x (B, h, T, c) at the keys, or at the queries, of the edges: (B, h, C, c).
torch::Tensor at_keys(const torch::Tensor& x, const EdgeRows& edges);
torch::Tensor at_queries(const torch::Tensor& x, const EdgeRows& edges);

/// values (B, h, C, c) added over the edges of each query: (B, h, T_q, c).
torch::Tensor sum_of_edges(const torch::Tensor& values, const EdgeRows& edges);

/// Softmax of scores (B, h, C), with log gates, over the edges of each query; 0 where there is
/// none.
torch::Tensor softmax_of_edges(const torch::Tensor& scores, const EdgeRows& edges);

/// Whether the graph is edges, and no bias stands at pairs.
ops::Support can_gather(const ops::Problem& p);

/// y (B, h, T_q, d) of weights (B, h, C), with the dropout of the call, in the type of v.
torch::Tensor weigh_values(const torch::Tensor& weights, const EdgeRows& edges, const Inputs& x);

}  // namespace regard::attention
