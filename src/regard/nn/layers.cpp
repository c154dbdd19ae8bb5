#include "regard/nn/layers.hpp"

#include <ATen/ops/gelu.h>
#include <ATen/ops/silu.h>

#include "regard/attention/context.hpp"
#include "regard/ops/block/dropout.hpp"
#include "regard/ops/block/gelu_mlp.hpp"
#include "regard/ops/block/linear.hpp"

namespace regard::nn {
using torch::Tensor;

Tensor dropout(const Tensor& x, double p, int64_t site, bool training) {
  if (!training || p == 0) return x;
  const auto* context = attention::random_context();
  return ops::dropout(x, p,
                      {context ? context->seed : 0, context ? context->step : Tensor(), site});
}

Norm::Norm(std::string kind, int64_t width, double epsilon)
    : kind_(std::move(kind)),
      epsilon_(epsilon > 0        ? epsilon
               : kind_ == "layer" ? 1e-5
                                  : 1e-6) {
  weight_ = register_parameter("weight", at::ones({width}));
  if (kind_ == "layer") bias_ = register_parameter("bias", at::zeros({width}));
}

ops::NormParameters Norm::values() const {
  const bool centred = kind_ == "layer";
  return {weight_, bias_, centred, epsilon_};
}

Tensor Norm::forward(const Tensor& x) { return ops::add_norm(x, {}, values(), 0, {}).h; }

FeedForward::FeedForward(std::string activation, int64_t width, int64_t hidden, bool down_bias,
                         DropoutSite dropout)
    : activation_(std::move(activation)), dropout_(dropout) {
  const bool gated = activation_ == "swiglu" || activation_ == "geglu";
  up_ = register_module("up", torch::nn::Linear(width, gated ? 2 * hidden : hidden));
  down_ = register_module(
      "down", torch::nn::Linear(torch::nn::LinearOptions(hidden, width).bias(down_bias)));
}

Tensor FeedForward::activate(const Tensor& h) const {
  if (activation_ == "gelu") return at::gelu(h);
  if (activation_ == "relu") return h.relu();
  if (activation_ == "gelu_tanh") return at::gelu(h, "tanh");
  const auto parts = h.chunk(2, -1);
  return (activation_ == "swiglu" ? at::silu(parts[0]) : at::gelu(parts[0])) * parts[1];
}

ops::Branch FeedForward::branch(const Tensor& x) {
  const bool drops = is_training() && dropout_.rate > 0;
  if (activation_ == "gelu" && !drops) {
    return ops::gelu_mlp(x, {up_->weight, up_->bias}, {down_->weight, down_->bias});
  }
  const auto h = activate(ops::linear(x, up_->weight, up_->bias));
  return ops::linear_branch(dropout(h, dropout_.rate, dropout_.site, drops), down_->weight,
                            down_->bias);
}

}  // namespace regard::nn
