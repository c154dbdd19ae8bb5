#include "regard/nn/block.hpp"

#include "regard/nn/context.hpp"

namespace regard::nn {
using torch::Tensor;

Block::Block(const attention::Phrase& phrase, const BlockOptions& options,
             attention::Positions positions)
    : options_(options) {
  const int64_t width = options.attention.width;
  norm1_ = register_module("norm1", std::make_shared<Norm>(options.norm_kind, width));
  attention_ = register_module("attention", std::make_shared<attention::SelfAttention>(
                                                phrase, options.attention, std::move(positions)));
  norm2_ = register_module("norm2", std::make_shared<Norm>(options.norm_kind, width));
  feed_forward_ = register_module(
      "mlp", std::make_shared<FeedForward>(options.activation, width, options.hidden));
}

template <class Attend>
Tensor Block::residuals(const Tensor& x, const Attend& attend) {
  const auto drop = [&](const Tensor& t, int64_t which) {
    return dropout(t, options_.dropout, 1 + 2 * options_.index + which, is_training());
  };
  const auto attention_part = [&](const Tensor& in) {
    const auto out = attend(in);
    observe("attention", out);
    return drop(out, 0);
  };
  const auto mlp_part = [&](const Tensor& in) {
    const auto out = feed_forward_->forward(in);
    observe("mlp", out);
    return drop(out, 1);
  };
  if (options_.norm == "post") {
    const auto middle = norm1_->forward(x + attention_part(x));
    return norm2_->forward(middle + mlp_part(middle));
  }
  const auto middle = x + attention_part(norm1_->forward(x));
  return middle + mlp_part(norm2_->forward(middle));
}

Tensor Block::forward(const Tensor& x, const Tensor& lengths) {
  return residuals(x, [&](const Tensor& in) {
    observe("attention_input", in);
    return attention_->forward(in, lengths);
  });
}

Tensor Block::step(const Tensor& x, attention::Decoder& decoder, int64_t position) {
  return residuals(x, [&](const Tensor& in) { return attention_->step(in, decoder, position); });
}

}  // namespace regard::nn
