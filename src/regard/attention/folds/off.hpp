// y_t = v_t: each token alone. The control that tells whether attention did anything.
#pragma once

#include "regard/attention/fold.hpp"

namespace regard::attention::folds {

class Off final : public Fold {
 public:
  std::string summary() const override {
    return "no mixing: each token alone, through the same W_v and W_o (control)";
  }
  std::string equation() const override { return "y_t = v_t"; }
  bool row_by_row() const override { return false; }
  bool takes_gates() const override { return true; }
  Uses uses() const override { return {.q = false, .k = false, .v = true}; }
  torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const override;
  std::vector<Kernel> kernels() const override;
  WeightMap weights(const Inputs& x) const override;
  Cost cost(const ops::Problem& p) const override;
  std::string refusal(const graph::Graph& graph) const override;

 protected:
  std::unique_ptr<Decoder> make_decoder(const graph::Graph& graph, ReadRows read) const override;
};

std::unique_ptr<Fold> make_off();

}  // namespace regard::attention::folds
