#include <ATen/Functions.h>

#include <memory>

#include "checks.hpp"
#include "regard/attention/phrase.hpp"
#include "regard/attention/self_attention.hpp"
#include "regard/nn/positions.hpp"
#include "regard/ops/rotate.hpp"

namespace regard::bench {
using torch::Tensor;

namespace {

Tensor turned(const Tensor& qkv, int64_t part) {
  return nn::rotate(qkv.select(2, part).transpose(1, 2), 0).transpose(1, 2);
}

struct Layer {
  std::string phrase;
  bool causal = false;
};

/// The same weights for the same `type` everywhere, rounded to it.
std::shared_ptr<attention::SelfAttention> make_layer(const Layer& of, torch::ScalarType type,
                                                     const torch::TensorOptions& there) {
  auto layer = std::make_shared<attention::SelfAttention>(
      attention::parse_phrase(of.phrase),
      attention::SelfAttentionOptions{.width = 128, .heads = 4, .causal = of.causal},
      nn::attention_positions("rotary", 4));
  torch::manual_seed(13);
  layer->to(torch::kDouble);
  const torch::NoGradGuard no_gradients;
  for (auto& p : layer->parameters()) {
    p.copy_(torch::randn(p.sizes(), torch::kDouble).div(8).to(type));
  }
  layer->to(there.device(), c10::typeMetaToScalarType(there.dtype()));
  return layer;
}

}  // namespace

void check_rotary(torch::Device device) {
  struct Shape {
    int64_t time, heads, width;
  };
  for (const auto& s : {Shape{5, 3, 32}, {70, 1, 16}, {41, 4, 7}, {3000, 2, 64}, {33, 5, 10}}) {
    torch::manual_seed(12);
    const Tensors inputs = {torch::randn({2, s.time, 3, s.heads, s.width}, torch::kDouble)};
    for (const auto type : types()) {
      compare(
          "rotary T" + std::to_string(s.time) + " h" + std::to_string(s.heads) + " d" +
              std::to_string(s.width),
          device, type, inputs, [](const Tensors& x) { return Tensors{ops::rotate_packed(x[0])}; },
          [](const Tensors& x) {
            return Tensors{at::stack({turned(x[0], 0), turned(x[0], 1), x[0].select(2, 2)}, 2)};
          });
    }
  }
  for (const auto* phrase : {"hrr", "hrr(scale=time)", "softmax", "linear"}) {
    for (const bool causal : {false, true}) {
      torch::manual_seed(14);
      const Tensors inputs = {torch::randn({2, 77, 128}, torch::kDouble)};
      for (const auto type : types()) {
        const auto forward = [&](const Tensors& x) {
          return Tensors{make_layer({phrase, causal}, type, x[0].options())->forward(x[0], {})};
        };
        compare(std::string(phrase) + (causal ? ", causal" : "") + ", rotary", device, type, inputs,
                forward, forward);
      }
    }
  }
}

}  // namespace regard::bench
