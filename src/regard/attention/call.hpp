// Who asks and who is asked: all that a projection, a graph and a fold are told beside their
// options.
#pragma once

#include <torch/types.h>

#include "regard/attention/context.hpp"
#include "regard/attention/edges.hpp"
#include "regard/graph/graph.hpp"

namespace regard::attention {

/// Which of the three projections a fold reads; what it does not read is not created.
struct Uses {
  bool q = true;
  bool k = true;
  bool v = true;
  int count() const { return int{q} + int{k} + int{v}; }
};

/// The sizes that decide every parameter of an attention.
struct Size {
  int64_t model_width = 0;  // H
  int64_t heads = 0;        // h
  int64_t head_width = 0;   // d
  Uses uses;                // which of q, k, v the fold reads
  bool bias = true;
  /// How many layers before this one carry the same phrase.
  int64_t earlier = 0;
};

/// Dropout of attention weights: each is 0 with probability `rate`, else divided by 1 - rate.
struct WeightDropout {
  double rate = 0;
  int64_t site = 0;  // which dropout of the model, see ops/dropout.hpp
};

/// One call of an attention. Shapes: B batch, T_q queries, T_k keys, H model width.
struct Call {
  torch::Tensor x;       // (B, T_q, H): who asks
  torch::Tensor memory;  // (B, T_k, H): who is asked; undefined: x itself
  /// (B) int64: positions from the length on are padding; undefined: every row is full.
  torch::Tensor query_lengths, key_lengths;
  bool causal = false;
  int64_t first = 0;  // position of the first query, in generation
  EdgeTensors edges;  // that the batch brings, or undefined
  WeightDropout dropout;
  const RandomContext* random = nullptr;  // the key of random numbers; nullptr: no dropout

  /// The sequence that keys and values come from.
  const torch::Tensor& source() const { return memory.defined() ? memory : x; }
  /// The graph of `pairs` (of one sequence) for this call.
  graph::Graph aligned(const graph::Graph& pairs) const {
    return memory.defined() ? pairs.across() : pairs;
  }
};

/// The call of self-attention over x (B, T, H) with lengths (B) or undefined.
inline Call call_of(torch::Tensor x, const torch::Tensor& lengths, bool causal = false) {
  Call call;
  call.x = std::move(x);
  call.query_lengths = call.key_lengths = lengths;
  call.causal = causal;
  call.random = random_context();
  call.edges = batch_edges();
  return call;
}

}  // namespace regard::attention
