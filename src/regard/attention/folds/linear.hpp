// Linear attention with phi(x) = elu(x) + 1 (Katharopoulos et al. 2020):
//   y_i = sum_j (phi(q_i).phi(k_j)) v_j / sum_j phi(q_i).phi(k_j)
#pragma once

#include "regard/attention/fold.hpp"

namespace regard::attention::folds {

class Linear final : public Fold {
 public:
  std::string summary() const override {
    return "linear attention with phi = elu + 1 (Katharopoulos et al. 2020)";
  }
  std::string equation() const override {
    return "y_i = phi(q_i) sum_j phi(k_j) v_j^T / phi(q_i).sum_j phi(k_j)";
  }
  torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const override;
  std::vector<Kernel> kernels() const override;
  Cost cost(const ops::Problem& p) const override;

 protected:
  std::unique_ptr<Decoder> make_decoder(const graph::Graph& graph, ReadRows read) const override;
};

std::unique_ptr<Fold> make_linear();

}  // namespace regard::attention::folds
