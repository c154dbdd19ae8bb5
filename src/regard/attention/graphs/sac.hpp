// Sparse adaptive connection with scores that learn by matching: each query keeps itself and the
// alpha keys of the highest score
//   s_ij = (W_q x_i) . (W_k x_j) / sqrt(index)
// In training Gumbel noise is added, so that the keys are a sample without replacement; evaluation
// takes the best. The scores
// learn from a loss of their own, and no other gradient reaches them, nor theirs the model:
//   match = mean over queries of KL(a_i || softmax_j s_ij), over the kept keys, with the
//   attention's own weights a
// For the first `warm` steps all keys are kept, and the loss sums over all.
//
// Edges learned for the task: Li et al., NeurIPS 2020, whose own predictor is sac_paper. Matching
// an indexer to the attention's
// weights: DeepSeek-V3.2.
#pragma once

#include "regard/attention/graph_kind.hpp"

namespace regard::attention::graphs {

class Sac final : public Graph {
 public:
  int64_t alpha = 16;
  std::string learn = "match";
  int64_t warm = 300;
  int64_t index = 16;
  std::string share = "layer";

  std::string summary() const override {
    return "each token and the alpha keys of the highest learned score";
  }
  std::string equation() const override {
    return "E = {(i, i)} + top alpha of s_ij = W_q x_i . W_k x_j / sqrt(index); s learns by "
           "KL(a || softmax s)";
  }
  void visit(Visitor& f) override {
    f("alpha", alpha, "keys a query beside itself; as many as there are, or more: all");
    f("learn", learn, "match: from the weights of the attention on the kept keys", {"match"});
    f("warm", warm, "steps on all keys before edges are chosen");
    f("index", index, "width of the vectors that are scored");
    f("share", share,
      "edges of their own for each layer, for each head, or the first layer's for all",
      {"layer", "head", "all"});
  }
  void check() override;
  bool needs_scores() const override { return true; }
  double choice_flops(int64_t positions, int64_t model_width, int64_t heads) const override;
  graph::Graph facts(bool causal) const override;
  std::shared_ptr<GraphModule> build(const Size& size) const override;
};

std::unique_ptr<Graph> make_sac();

}  // namespace regard::attention::graphs
