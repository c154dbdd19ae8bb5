// Sigmoid attention (Ramapuram et al. 2024). E_i: the keys that query i may meet.
//   y_i = sum_{j in E_i} sigma(q_i . k_j / sqrt(d) + b_ij - log |E_i|) v_j
// Each key is weighted alone, so a row's weights do not sum to one; -log |E_i| starts them near 1 /
// |E_i|.
#pragma once

#include "regard/attention/fold.hpp"

namespace regard::attention::folds {

class Sigmoid final : public Fold {
 public:
  std::string summary() const override {
    return "a sigmoid of each score alone, no normalisation over keys (Ramapuram et al. 2024)";
  }
  std::string equation() const override {
    return "y_i = sum_j sigma(q_i.k_j / sqrt(d) + b_ij - log |E_i|) v_j";
  }
  bool has_scores() const override { return true; }
  torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const override;
  std::vector<Kernel> kernels() const override;
};

std::unique_ptr<Fold> make_sigmoid();

}  // namespace regard::attention::folds
