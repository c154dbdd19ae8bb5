// y_i = sum_j softmax_j(q_i . k_j / sqrt(d) + b_ij) v_j
#pragma once

#include "regard/attention/fold.hpp"

namespace regard::attention::folds {

class Softmax final : public Fold {
 public:
  std::string summary() const override {
    return "scaled dot-product attention (Vaswani et al. 2017)";
  }
  std::string equation() const override {
    return "y_i = sum_j softmax_j(q_i.k_j / sqrt(d) + b_ij) v_j";
  }
  bool has_scores() const override { return true; }
  torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const override;
  std::vector<Kernel> kernels() const override;
  torch::Tensor edge_weights(const Inputs& x) const override;
};

std::unique_ptr<Fold> make_softmax();

}  // namespace regard::attention::folds
