#include <ATen/Functions.h>
#include <torch/csrc/autograd/autograd.h>

#include <memory>

#include "checks.hpp"
#include "regard/attention/phrase.hpp"
#include "regard/attention/self_attention.hpp"
#include "regard/nn/positions.hpp"
#include "regard/ops/attention/rotate.hpp"
#include "regard/train/autocast.hpp"

namespace regard::bench {
using torch::Tensor;

namespace {

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

/// The output, and the gradients of <g, output> for the input and all weights. With bf16 on a
/// device the weights stay in fp32 under autocast, as in training, where the gradient of a bias may
/// be owed.
Tensors value_and_gradients(const Layer& of, torch::ScalarType type,
                            const torch::TensorOptions& there) {
  const bool mixed = there.device().is_cuda() && type == torch::kBFloat16;
  const auto layer = make_layer(of, type, mixed ? there.dtype(torch::kFloat) : there);
  const train::AutocastScope autocast(there.device().type(), mixed);
  const auto rounded = [&](int64_t seed) {
    torch::manual_seed(seed);
    return torch::randn({2, 77, 128}, torch::kDouble).to(type).to(there);
  };
  Tensors leaves = {rounded(14).requires_grad_()};
  for (const auto& p : layer->parameters()) leaves.push_back(p);
  const auto y = layer->forward(leaves[0], {});
  auto out = torch::autograd::grad({y}, leaves, {rounded(15).to(y.scalar_type())});
  out.push_back(y.detach());
  return out;
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
          [](const Tensors& x) { return Tensors{nn::rotate_packed(x[0])}; });  // float64: no kernel
    }
  }
  for (const auto* phrase : {"hrr", "hrr(scale=time)", "softmax", "linear"}) {
    for (const bool causal : {false, true}) {
      for (const auto type : types()) {
        const auto expected = value_and_gradients({phrase, causal}, type, torch::kDouble);
        const auto came =
            value_and_gradients({phrase, causal}, type, torch::dtype(type).device(device));
        report(
            std::string(phrase) + (causal ? ", causal" : "") + ", rotary, " + c10::toString(type),
            worst_distance(came, expected), limit_of(type));
      }
    }
  }
}

}  // namespace regard::bench
