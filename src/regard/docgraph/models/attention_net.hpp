// Stage 1: one self-attention on the sentence vectors and a head, learned from document labels
// alone. Its weights are the source of graphs.
//
//   O = SelfAttention(x);   logits = W_2 relu(W_1 mean over sentences of dropout(O) + b_1) + b_2
//
// No positions, residual sum, norm or feed-forward, as published; 640,898 parameters for width 384
// and two classes. Bugueno and de Melo 2025, arXiv 2508.00864; sizes and rates as in the public
// code of that group.
#pragma once

#include "regard/attention/bound_pairs.hpp"
#include "regard/attention/self_attention.hpp"
#include "regard/docgraph/models/fit.hpp"

namespace regard::docgraph {

struct AttentionNetSpec {
  int64_t heads = 4;
  int64_t hidden = 128;
  std::string activation = "softmax";
  double attention_dropout = 0.1;
  double dropout = 0.2;
  FitSpec fit;

  void visit(Visitor& f);
  void check(int64_t width) const;
};

class AttentionNet : public torch::nn::Module {
 public:
  AttentionNet(const AttentionNetSpec& spec, int64_t width, int64_t classes, uint64_t seed);

  /// (B, T, d), lengths (B) or undefined -> (B, classes).
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& lengths);
  /// The kept pairs of the head-mean weights, without gradient.
  attention::BoundPairs pairs(const torch::Tensor& x, const torch::Tensor& lengths,
                              const graph::BoundRule& rule);
  attention::SelfAttention& attention() { return *attention_; }
  Trainee trainee();

 private:
  AttentionNetSpec spec_;
  std::shared_ptr<attention::SelfAttention> attention_;
  torch::nn::Linear hidden_{nullptr}, out_{nullptr};
};

/// What the graph of each document is made from: kept pairs, ids, vectors, planted pairs; `net` may
/// be null where the graph is not learned. Documents of like length are computed together.
std::vector<GraphSource> graph_sources(const Corpus& corpus, const Vectors& vectors,
                                       const std::vector<int64_t>& documents, AttentionNet* net,
                                       const graph::BoundRule& rule, uint64_t seed);
std::vector<SentenceGraph> graphs_of(const GraphSpec& spec, const Corpus& corpus,
                                     const Vectors& vectors, AttentionNet* net, uint64_t seed);

}  // namespace regard::docgraph
