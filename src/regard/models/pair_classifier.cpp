#include "regard/models/pair_classifier.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/gelu.h>

#include "regard/base/error.hpp"
#include "regard/models/pooling.hpp"
#include "regard/nn/context.hpp"
#include "regard/nn/full_precision.hpp"

namespace regard::models {
using torch::Tensor;

PairClassifier::PairClassifier(const ModelSpec& spec, const ModelShape& shape,
                               const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : spec_(spec) {
  if (shape.classes < 2) {
    throw InputError("pair_classifier: at least 2 classes were expected, and " +
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
    hidden_ = register_module("hidden", torch::nn::Linear(4 * width, spec.head_hidden));
  head_ = register_module(
      "head",
      torch::nn::Linear(spec.head_hidden > 0 ? spec.head_hidden : 4 * width, shape.classes));
  trunk_->initialise(seed);
  for (const auto& item : named_parameters()) {
    if (item.key().starts_with("trunk.")) continue;
    nn::fill_normal(item.value(), item.key(), spec.trunk.deviation(item.value()), seed);
  }
}

Tensor PairClassifier::logits(const nn::Batch& batch) {
  if (batch.inputs.size(0) % 2 != 0) {
    throw InputError("pair_classifier: two rows for each pair were expected, and " +
                     std::to_string(batch.inputs.size(0)) + " rows came");
  }
  const auto x = pool(spec_.pooling, *trunk_, batch, pool_);                    // (2 B, H)
  const auto a = x.slice(0, 0, x.size(0), 2), b = x.slice(0, 1, x.size(0), 2);  // (B, H)
  const nn::FullPrecision full(x);
  auto y = at::cat({a, b, a * b, a - b}, 1).to(head_->weight.scalar_type());  // (B, 4 H)
  nn::observe("pool", y);
  if (spec_.head_hidden > 0) y = at::gelu(hidden_->forward(y));
  const auto out = head_->forward(y);
  nn::observe("head", out);
  return out.to(torch::kFloat);
}

Tensor PairClassifier::loss(const nn::Batch& batch) {
  return at::cross_entropy_loss(logits(batch), batch.targets, {}, at::Reduction::Mean, -1,
                                spec_.label_smoothing);
}

Tensor PairClassifier::score(const nn::Batch& batch) {
  const auto out = logits(batch);
  const auto sum =
      at::cross_entropy_loss(out, batch.targets, {}, at::Reduction::Sum).to(torch::kDouble);
  const auto right = (out.argmax(1) == batch.targets).sum().to(torch::kDouble);
  return at::stack({sum, right, at::full_like(sum, out.size(0))});
}

}  // namespace regard::models
