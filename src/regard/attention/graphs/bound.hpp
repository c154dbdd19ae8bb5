// Edges cut from attention weights of its own: P = mean over heads of softmax(q k / sqrt(d)), with
// projections W_q and W_k that belong to the graph.
//   rule=mean  P_ij >= 1/n + delta s_i      rule=max  P_ij >= max_i - delta s_i
//   degree=k   the k largest of each row beside itself
// (graph/bound.hpp). A kept pair joins both positions, and each meets itself; the logarithm of the
// larger weight is added to the score, and through it the projections learn. In a causal model rows
// are softmax over the keys up to the query, and pairs have one direction.
//
// mode=paper: rows with nothing but the diagonal are joined to their neighbours, weights are left
// out, and a mutual pair counts twice (gate log 2), as the public code of the paper's group has it.
// Nothing there learns. Source: Bugueno and de Melo 2025, arXiv 2508.00864.
#pragma once

#include "regard/attention/bound_pairs.hpp"
#include "regard/attention/graph_kind.hpp"
#include "regard/base/none.hpp"

namespace regard::attention::graphs {

class Bound final : public Graph {
 public:
  std::string rule = "max";
  double delta = kHalf;
  int64_t degree = kNone;
  std::string mode = "weighted";

  std::string summary() const override {
    return "pairs whose attention weight, by projections of the graph's own, is near the largest "
           "of its row or above its mean";
  }
  std::string equation() const override {
    return "E = {(i, i)} + {P_ij >= max_j P_ij - delta s_i, or 1/n + delta s_i}, gate log P_ij, "
           "P = mean_h softmax(q k)";
  }
  void visit(Visitor& f) override;
  void check() override;
  std::string refusal(bool causal) const override;
  double choice_flops(int64_t positions, int64_t model_width, int64_t heads) const override;
  graph::Graph facts(bool causal) const override;
  std::shared_ptr<GraphModule> build(const Size& size) const override;

  graph::BoundRule bound_rule() const;
  bool paper() const { return mode == "paper"; }

 private:
  static constexpr double kHalf = -1;  // not given: 0.5
};

std::unique_ptr<Graph> make_bound();

}  // namespace regard::attention::graphs
