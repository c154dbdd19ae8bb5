// Small layers of a block: norm, dropout, feed-forward.
#pragma once

#include <torch/nn/modules/linear.h>

#include <string>

#include "regard/attention/call.hpp"
#include "regard/ops/block/add_norm.hpp"

namespace regard::nn {

/// A dropout of the model: its rate and its number, as attention has it for its weights.
using DropoutSite = attention::WeightDropout;

/// Dropout at a numbered site of the model, keyed by the step's RandomContext; identity outside of
/// training.
torch::Tensor dropout(const torch::Tensor& x, double p, int64_t site, bool training);

/// LayerNorm ("layer": weight, bias, eps 1e-5) or RMSNorm ("rms": weight only, eps 1e-6) over the
/// last axis; `epsilon` > 0 takes the place of eps.
class Norm : public torch::nn::Module {
 public:
  Norm(std::string kind, int64_t width, double epsilon = 0);
  torch::Tensor forward(const torch::Tensor& x);
  ops::NormParameters values() const;

 private:
  std::string kind_;
  double epsilon_;
  torch::Tensor weight_, bias_;
};

/// gelu | gelu_tanh | relu: down(act(up(x))); swiglu | geglu: down(act(gate(x)) * up(x)), gate and
/// up in one matrix. down has a bias unless told. In training what `down` reads passes `dropout`.
class FeedForward : public torch::nn::Module {
 public:
  FeedForward(std::string activation, int64_t width, int64_t hidden, bool down_bias = true,
              DropoutSite dropout = {});
  torch::Tensor forward(const torch::Tensor& x) { return branch(x).sum(); }
  /// The same for a residual sum, the bias of `down` apart.
  ops::Branch branch(const torch::Tensor& x);
  torch::nn::Linear& down() { return down_; }

 private:
  torch::Tensor activate(const torch::Tensor& h) const;

  std::string activation_;
  DropoutSite dropout_;
  torch::nn::Linear up_{nullptr}, down_{nullptr};
};

}  // namespace regard::nn
