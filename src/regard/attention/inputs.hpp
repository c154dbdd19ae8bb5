// What a fold is given: q, k, v with the graph that says who may meet.
#pragma once

#include <torch/types.h>

#include "regard/attention/call.hpp"
#include "regard/attention/parameters.hpp"
#include "regard/graph/graph.hpp"
#include "regard/ops/dispatch.hpp"

namespace regard::attention {

/// Shapes: B batch, h heads, g heads of k and v (g divides h), T_q queries, T_k keys, d head width.
struct Inputs {
  torch::Tensor q;  // (B, h, T_q, d), undefined where the fold does not use it
  torch::Tensor k;  // (B, g, T_k, d), undefined where the fold does not use it
  torch::Tensor v;  // (B, g, T_k, d)
  /// (B) int64: positions from the length on are padding; undefined: every row is full.
  torch::Tensor query_lengths, key_lengths;
  torch::Tensor bias;  // additive to the scores, broadcastable to (B, h, T_q, T_k), or undefined
  graph::Graph graph;
  EdgeTensors edges;  // of a graph of edges, without those that causality forbids
  WeightDropout dropout;
  const RandomContext* random = nullptr;
  Parameters parameters;  // of the fold itself
  int64_t queries = 0;    // T_q, needed where q is undefined
  int64_t heads = 0;      // h, likewise

  int64_t keys() const { return v.size(2); }
  /// Queries and keys are the same positions of one sequence.
  bool whole() const { return graph.one_sequence() && queries == keys(); }
  /// Lengths of one sequence: those of its keys, and of its queries where these are all its positions.
  void set_lengths(const torch::Tensor& lengths);
};

/// Inputs with the defaults filled in and shapes checked; the error names `function`.
Inputs make_inputs(torch::Tensor q, torch::Tensor k, torch::Tensor v, graph::Graph graph,
                   const char* function = "attention");

/// One rule for all folds: q and k (where defined) and v of one type among fp32, fp64, fp16 and bf16, on one device.
void check_types(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                 const char* function);

ops::Problem problem_of(const Inputs& x);

/// Boolean mask, true = may attend, broadcastable to (B, h, T_q, T_k): the graph, keys before their
/// lengths and queries before theirs.
torch::Tensor dense_mask(const Inputs& x);

/// The graph alone, (T_q, T_k); RunError for edges, whose pairs stand beside the graph.
torch::Tensor graph_mask(const graph::Graph& graph, graph::Extent extent, torch::Device device);

/// (B, 1, T, 1), true where t < length.
torch::Tensor valid_rows(const torch::Tensor& lengths, int64_t positions);

/// Number of allowed keys of each query, (B or 1, h or 1, T_q, 1), without a dense mask where the
/// graph is plain.
torch::Tensor allowed_keys(const Inputs& x, torch::ScalarType dtype);

/// (B, g, T, d) repeated to h heads.
torch::Tensor expand_heads(const torch::Tensor& kv, int64_t heads);

}  // namespace regard::attention
