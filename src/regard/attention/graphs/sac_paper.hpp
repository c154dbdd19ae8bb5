// Sparse adaptive connection as its paper has it: an LSTM draws alpha N edges one after another
// (attention/lstm_picker.hpp), and
// learns by policy gradient from the loss of each example:
//   reward R = -loss;   loss_policy = -mean over examples of (R - b) / s * log p(edges) / choices -
//   entropy * mean entropy
//   b <- 0.9 b + 0.1 mean R, s^2 <- 0.9 s^2 + 0.1 mean (R - b)^2, both saved with the model
// Each token also meets itself. The likeliest choices in evaluation. No gradient passes between the
// predictor and the model.
// 2 alpha N choices stand in a row, each over N nodes, so that the predictor costs more than the
// attention that it spares.
//
// Source: Li et al., NeurIPS 2020, for the walk, its training by REINFORCE and 2 alpha N; the rest
// are our defaults.
#pragma once

#include "regard/attention/graph_kind.hpp"

namespace regard::attention::graphs {

class SacPaper final : public Graph {
 public:
  int64_t alpha = 16;
  int64_t hidden = 128;
  double entropy = 0.01;

  std::string summary() const override {
    return "alpha edges a token, drawn one after another by an LSTM that learns by REINFORCE";
  }
  std::string equation() const override {
    return "E = {(i, i)} + alpha N edges, 2 alpha N choices of an LSTM; -(R - b) log p(E)";
  }
  void visit(Visitor& f) override {
    f("alpha", alpha,
      "edges a token beside itself, on average; as many as there are, or more: all");
    f("hidden", hidden, "width of the LSTM");
    f("entropy", entropy, "weight of the entropy of the choices in the loss");
  }
  void check() override;
  std::string refusal(bool causal) const override;
  double choice_flops(int64_t positions, int64_t model_width, int64_t heads) const override;
  int64_t choices(int64_t positions) const override;
  graph::Graph facts(bool causal) const override;
  std::shared_ptr<GraphModule> build(const Size& size) const override;
};

std::unique_ptr<Graph> make_sac_paper();

}  // namespace regard::attention::graphs
