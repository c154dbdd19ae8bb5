#include "regard/nn/block.hpp"

#include "regard/nn/context.hpp"

namespace regard::nn {
using torch::Tensor;

Block::Block(const attention::Phrase& phrase, const BlockOptions& options,
             std::shared_ptr<attention::Positions> positions)
    : options_(options) {
  const int64_t width = options.attention.width;
  if (options.norm != "feed_forward")
    norm1_ = register_module("norm1", std::make_shared<Norm>(options.norm_kind, width));
  attention_ = register_module("attention", std::make_shared<attention::SelfAttention>(
                                                phrase, options.attention, std::move(positions)));
  norm2_ = register_module("norm2", std::make_shared<Norm>(options.norm_kind, width));
  feed_forward_ = register_module(
      "mlp",
      std::make_shared<FeedForward>(options.activation, width, options.hidden, options.down_bias));
}

template <class Attend>
void Block::add_parts(Residual& stream, const Attend& attend) {
  const bool pre = options_.norm == "pre", post = options_.norm == "post";
  const auto add = [&](const char* name, const ops::Branch& out, int64_t which) {
    if (observed()) observe(name, out.sum());
    stream.add(out, 1 + 2 * options_.index + which);
  };
  add("attention", attend(pre ? stream.norm(*norm1_) : stream.sum()), 0);
  if (post) stream.replace_by(*norm1_);
  add("mlp", feed_forward_->branch(post ? stream.sum() : stream.norm(*norm2_)), 1);
  if (post) stream.replace_by(*norm2_);
}

void Block::forward(Residual& stream, const Tensor& lengths) {
  add_parts(stream, [&](const Tensor& in) {
    observe("attention_input", in);
    return attention_->branch(attention::call_of(in, lengths));
  });
}

void Block::extend(Residual& stream, attention::Decoder& decoder, int64_t position) {
  add_parts(stream, [&](const Tensor& in) {
    return ops::Branch{attention_->extend(in, decoder, position), {}};
  });
}

}  // namespace regard::nn
