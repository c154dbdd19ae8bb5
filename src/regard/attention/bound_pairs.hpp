// Head-mean attention weights cut to pairs by the rules of graph/bound.hpp, with tensors.
//
//   softmax  W_hij = exp(s_hij - max_j) / sum_j exp(s_hij - max_j),   s_hij = q_hi . k_hj / sqrt(d)
//   sigmoid  W_hij = sigmoid(s_hij - log n)
//   P_ij = mean over heads of W_hij;   deviation from sum (P_ij - mean)^2, since the difference of
//   sum P^2 and 1/n has no digits left on flat rows in fp32
//
// Dense by rows, a chunk at a time: memory is that of a chunk and of the pairs that are kept.
#pragma once

#include "regard/attention/edges.hpp"
#include "regard/graph/bound.hpp"

namespace regard::attention {

enum class PairWeights { kSoftmax, kSigmoid };

struct BoundOptions {
  graph::BoundRule rule;
  PairWeights weights = PairWeights::kSoftmax;
  bool causal = false;                       // keys up to the query alone
  int64_t chunk_weights = int64_t{1} << 22;  // W_hij that are alive at a time
};

/// Shapes: B examples, E room.
struct BoundPairs {
  torch::Tensor queries, keys;  // (B, 1, E) int64; behind the last pair: T and 0
  torch::Tensor weights;        // (B, 1, E) P at the pairs; gradients reach q and k
  torch::Tensor own;            // (B, T) P_ii
};

/// q and k (B, h, T, d), lengths (B) or undefined. Sums are fp32 or better.
BoundPairs bound_pairs(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& lengths,
                       const BoundOptions& options);

/// Edges (B, 1, C) of the pairs in one direction, or in both with the larger weight, and each
/// position with itself; log weights are gates.
enum class Directions { kOne, kBoth };
EdgeTensors edges_of_pairs(const BoundPairs& pairs, Directions directions);

}  // namespace regard::attention
