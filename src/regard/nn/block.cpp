#include "regard/nn/block.hpp"

#include <ATen/ops/elu.h>

#include "regard/nn/context.hpp"

namespace regard::nn {
using torch::Tensor;

namespace {
// Behind the sites of self-attention and feed-forward, whatever the number of blocks.
constexpr int64_t kCrossSites = int64_t{1} << 18;
}  // namespace

Block::Block(const attention::Phrase& phrase, const BlockOptions& options,
             std::shared_ptr<attention::Positions> positions)
    : options_(options) {
  if (is_gat()) {
    attention_ = register_module("attention", std::make_shared<attention::SelfAttention>(
                                                  phrase, options.attention, std::move(positions)));
    const auto& size = attention_->size();
    bias_ = register_parameter(
        "bias", at::zeros({options.average ? size.head_width : size.heads * size.head_width}));
    return;
  }
  const int64_t width = options.attention.width;
  if (options.norm != "feed_forward")
    norm1_ = register_module(
        "norm1", std::make_shared<Norm>(options.norm_kind, width, options.norm_epsilon));
  attention_ = register_module("attention", std::make_shared<attention::SelfAttention>(
                                                phrase, options.attention, std::move(positions)));
  if (options.cross) {
    if (options.norm != "feed_forward") {
      norm_cross_ = register_module(
          "norm_cross", std::make_shared<Norm>(options.norm_kind, width, options.norm_epsilon));
    }
    // Two sequences have no positions in common.
    auto across = options.attention;
    across.causal = false;
    across.dropout.site += kCrossSites;
    cross_ = register_module("cross",
                             std::make_shared<attention::SelfAttention>(*options.cross, across));
  }
  norm2_ = register_module("norm2",
                           std::make_shared<Norm>(options.norm_kind, width, options.norm_epsilon));
  feed_forward_ = register_module(
      "mlp", std::make_shared<FeedForward>(options.activation, width, options.hidden,
                                           options.down_bias, options.activation_dropout));
}

template <class Attend, class Cross>
void Block::add_parts(Residual& stream, const Attend& attend, const Cross& cross) {
  const bool pre = options_.norm == "pre", post = options_.norm == "post";
  const int64_t site = options_.first_site + 1 + 2 * options_.index;
  const auto add = [&](const char* name, const ops::Branch& out, int64_t at) {
    if (observed()) observe(name, out.sum());
    stream.add(out, at);
  };
  add("attention", attend(pre ? stream.norm(*norm1_) : stream.sum()), site);
  if (post) stream.replace_by(*norm1_);
  if (cross_) {
    add("cross", cross(pre ? stream.norm(*norm_cross_) : stream.sum()), kCrossSites + site);
    if (post) stream.replace_by(*norm_cross_);
  }
  add("mlp", feed_forward_->branch(post ? stream.sum() : stream.norm(*norm2_)), site + 1);
  if (post) stream.replace_by(*norm2_);
}

template <class Attend>
void Block::replace(Residual& stream, const Attend& attend) {
  const auto x = dropout(stream.sum(), options_.dropout, 1 + 2 * options_.index, is_training());
  observe("attention_input", x);
  auto y = attend(x);  // (B, T, h d)
  if (options_.average) {
    const auto& size = attention_->size();
    y = y.view({y.size(0), y.size(1), size.heads, size.head_width}).mean(2);
  }
  y = y + bias_.to(y.scalar_type());
  if (!options_.average) y = at::elu(y);
  observe("attention", y);
  stream = Residual(y, 0, is_training());
}

void Block::forward(Residual& stream, const Tensor& lengths) { forward(stream, lengths, {}); }

void Block::forward(Residual& stream, const Tensor& lengths, const MemoryView& memory) {
  if (is_gat()) {
    return replace(stream, [&](const Tensor& in) {
      return attention_->forward(attention::call_of(in, lengths));
    });
  }
  add_parts(
      stream,
      [&](const Tensor& in) {
        observe("attention_input", in);
        return attention_->branch(attention::call_of(in, lengths));
      },
      [&](const Tensor& in) {
        observe("cross_input", in);
        return cross_->branch(cross_call(in, lengths, memory));
      });
}

void Block::extend(Residual& stream, attention::Decoder& decoder, int64_t position,
                   const attention::ReadMemory* memory) {
  if (is_gat()) {
    return replace(stream,
                   [&](const Tensor& in) { return attention_->extend(in, decoder, position); });
  }
  add_parts(
      stream,
      [&](const Tensor& in) {
        return ops::Branch{attention_->extend(in, decoder, position), {}};
      },
      [&](const Tensor& in) {
        return ops::Branch{cross_->ask(in, *memory), {}};
      });
}

attention::Call cross_call(const Tensor& x, const Tensor& lengths, const MemoryView& memory) {
  attention::Call call;
  call.x = x;
  call.memory = memory.values;
  call.query_lengths = lengths;
  call.key_lengths = memory.lengths;
  call.random = attention::random_context();
  return call;
}

}  // namespace regard::nn
