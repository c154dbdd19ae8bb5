#include "regard/models/encoder_classifier.hpp"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/gelu.h>

#include "regard/base/error.hpp"
#include "regard/models/pooling.hpp"
#include "regard/nn/context.hpp"
#include "regard/nn/full_precision.hpp"

namespace regard::models {
using torch::Tensor;

EncoderClassifier::EncoderClassifier(const ModelSpec& spec, const ModelShape& shape,
                                     const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : spec_(spec) {
  if (shape.classes < 2) {
    throw InputError("encoder_classifier: at least 2 classes were expected, and " +
                     std::to_string(shape.classes) + " came");
  }
  trunk_ = register_module(
      "trunk", std::make_shared<nn::Trunk>(nn::TrunkOptions{.spec = spec.trunk,
                                                            .input = shape.input,
                                                            .phrases = phrases,
                                                            .max_length = shape.max_length,
                                                            .causal = false,
                                                            .cls = spec.pooling == "cls"}));
  const int64_t width = spec.trunk.width;
  if (spec.pooling == "attention") pool_ = register_module("pool", torch::nn::Linear(width, 1));
  if (spec.head_hidden > 0)
    hidden_ = register_module("hidden", torch::nn::Linear(width, spec.head_hidden));
  head_ = register_module(
      "head", torch::nn::Linear(spec.head_hidden > 0 ? spec.head_hidden : width, shape.classes));
  trunk_->initialise(seed);
  for (const auto& item : named_parameters()) {
    if (item.key().starts_with("trunk.")) continue;
    nn::fill_normal(item.value(), item.key(), spec.trunk.deviation(item.value()), seed);
  }
}

Tensor EncoderClassifier::logits(const nn::Batch& batch) {
  const auto x = pool(spec_.pooling, *trunk_, batch, pool_);
  nn::observe("pool", x);
  return classify(x);
}

Tensor EncoderClassifier::classify(const Tensor& pooled) {
  const nn::FullPrecision full(pooled);
  auto x = pooled.to(head_->weight.scalar_type());
  if (spec_.head_hidden > 0) x = at::gelu(hidden_->forward(x));
  const auto out = head_->forward(x);
  nn::observe("head", out);
  return out.to(torch::kFloat);
}

Tensor EncoderClassifier::loss(const nn::Batch& batch) {
  return at::cross_entropy_loss(logits(batch), batch.targets, {}, at::Reduction::Mean, -1,
                                spec_.label_smoothing);
}

Tensor EncoderClassifier::score(const nn::Batch& batch) {
  const auto out = logits(batch);
  const auto sum =
      at::cross_entropy_loss(out, batch.targets, {}, at::Reduction::Sum).to(torch::kDouble);
  const auto right = (out.argmax(1) == batch.targets).sum().to(torch::kDouble);
  return at::stack({sum, right, at::full_like(sum, out.size(0))});
}

}  // namespace regard::models
