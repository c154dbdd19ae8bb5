// Holographic attention with its Fourier basis in the weights: circular convolution is elementwise
// there.
//
//   (x W) U = x (W U),   y U^T W_o = y (U^T W_o),   W one of W_q, W_k, W_v by heads
//
// q, k and v stay one packed tensor. Rotary positions act on it before the basis, which is then a
// product of its own. Where kernels have the gradient's rows at hand they sum that of the bias, and
// where the product of q, k and v can bind k and v on the way it does.
#pragma once

#include "regard/attention/fusion.hpp"

namespace regard::attention::fusions {

class HrrBasis final : public Fusion {
 public:
  std::string summary() const override {
    return "separate+hrr with the Fourier basis in the weights, from one packed projection";
  }
  ops::Support can(const Phrase& phrase, const Size& size,
                   const ops::Problem& problem) const override;
  ops::Branch run(const Call& call, const graph::Graph& graph, const Parts& parts) const override;
};

std::unique_ptr<Fusion> make_hrr_basis();

}  // namespace regard::attention::fusions
