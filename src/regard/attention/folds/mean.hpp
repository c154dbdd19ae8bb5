// y_i = mean of v_j over the allowed keys: mixing without content, a control. Edges with weights w
// make it the weighted mean
// sum_j w_ij v_j / sum_j w_ij.
#pragma once

#include "regard/attention/fold.hpp"

namespace regard::attention::folds {

class Mean final : public Fold {
 public:
  std::string summary() const override {
    return "uniform weights over the allowed keys: mixing without content (control)";
  }
  std::string equation() const override { return "y_i = sum_j v_j / |E_i|"; }
  bool takes_gates() const override { return true; }
  Uses uses() const override { return {.q = false, .k = false, .v = true}; }
  torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const override;
  std::vector<Kernel> kernels() const override;
  Cost cost(const ops::Problem& p) const override;
};

std::unique_ptr<Fold> make_mean();

}  // namespace regard::attention::folds
