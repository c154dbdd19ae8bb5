// Scores by a vector instead of a product (graph attention networks):
//   form=gat:    s_ij = LeakyReLU(a_q . q_i + a_k . k_j)
//   form=gatv2:  s_ij = a . LeakyReLU(q_i + k_j)
//   y_i = sum_j softmax_j(s_ij + b_ij) v_j
//
// a_q, a_k, a (d) are parameters of each head. GAT is shared(form=plain), so that q = k = v = x W,
// and GATv2 keyvalue.
// Sources: Velickovic et al. 2018; Brody, Alon, Yahav 2022.
#pragma once

#include "regard/attention/fold.hpp"

namespace regard::attention::folds {

class Additive final : public Fold {
 public:
  std::string form = "gat";
  double slope = 0.2;

  std::string summary() const override {
    return "scores by a learned vector (graph attention networks)";
  }
  std::string equation() const override {
    return "y_i = sum_j softmax_j(LeakyReLU(a_q.q_i + a_k.k_j) + b_ij) v_j; gatv2: a.LeakyReLU(q_i "
           "+ k_j)";
  }
  void visit(Visitor& f) override {
    f("form", form, "gat: the vector before the LeakyReLU; gatv2: behind it", {"gat", "gatv2"});
    f("slope", slope, "of the LeakyReLU below 0");
  }
  void check() override;
  bool has_scores() const override { return true; }
  std::vector<ParameterSpec> parameters(const Size& size) const override;
  int64_t numbers_of_pair(int64_t width) const override { return form == "gatv2" ? width : 1; }
  torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const override;
  std::vector<Kernel> kernels() const override;
  torch::Tensor edge_weights(const Inputs& x) const override;
  Cost cost(const ops::Problem& p) const override;
};

std::unique_ptr<Fold> make_additive();

}  // namespace regard::attention::folds
