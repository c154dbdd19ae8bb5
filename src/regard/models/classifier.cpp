#include "regard/models/classifier.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/tanh.h>

#include "regard/base/error.hpp"
#include "regard/models/pooling.hpp"
#include "regard/nn/context.hpp"
#include "regard/nn/full_precision.hpp"

namespace regard::models {
using torch::Tensor;

Classifier::Classifier(const std::string& name, const ModelSpec& spec, const ModelShape& shape,
                       const std::vector<attention::Phrase>& phrases, uint64_t seed,
                       int64_t features)
    : spec_(spec) {
  if (shape.classes < 2) {
    throw InputError(name + ": at least 2 classes were expected, and " +
                     std::to_string(shape.classes) + " came");
  }
  auto options = trunk_options(spec, shape, phrases);
  options.cls = spec.pooling == "cls";
  trunk_ = register_module("trunk", std::make_shared<nn::Trunk>(options));
  if (spec.pooling == "attention")
    pool_ = register_module("pool", torch::nn::Linear(spec.trunk.width, 1));
  if (spec.head_hidden > 0)
    hidden_ = register_module("hidden", torch::nn::Linear(features, spec.head_hidden));
  head_ = register_module(
      "head", torch::nn::Linear(spec.head_hidden > 0 ? spec.head_hidden : features, shape.classes));
  trunk_->initialise(seed);
  for (const auto& item : named_parameters()) {
    if (item.key().starts_with("trunk.")) continue;
    nn::fill_normal(item.value(), item.key(), spec.trunk.deviation(item.value()), seed);
  }
}

Tensor Classifier::pooled(const nn::Batch& batch) {
  return pool(spec_.pooling, *trunk_, batch, pool_);
}

Tensor Classifier::classify(const Tensor& features) {
  nn::observe("pool", features);
  const nn::FullPrecision full(features);
  auto x = features.to(head_->weight.scalar_type());
  if (hidden_) {
    x = hidden_->forward(x);
    x = spec_.head_activation == "tanh" ? at::tanh(x) : at::gelu(x);
  }
  const auto out = head_->forward(x);
  nn::observe("head", out);
  return out.to(torch::kFloat);
}

Tensor Classifier::mean_loss(const Tensor& logits, const nn::Batch& batch) {
  return at::cross_entropy_loss(logits, batch.targets, {}, at::Reduction::Mean, -1,
                                spec_.label_smoothing);
}

Tensor Classifier::example_losses(const Tensor& logits, const nn::Batch& batch) {
  return at::cross_entropy_loss(logits, batch.targets, {}, at::Reduction::None, -1,
                                spec_.label_smoothing);
}

nn::BatchScore Classifier::score(const nn::Batch& batch) {
  const auto out = logits(batch);
  const auto sum =
      at::cross_entropy_loss(out, batch.targets, {}, at::Reduction::Sum).to(torch::kDouble);
  const auto predicted = out.argmax(1);
  const auto right = (predicted == batch.targets).sum().to(torch::kDouble);
  const auto wide = out.to(torch::kDouble);
  return {at::cat({at::stack({sum, right, at::full_like(sum, out.size(0))}), wide.sum(0),
                   wide.square().sum(0)}),
          predicted};
}

}  // namespace regard::models
