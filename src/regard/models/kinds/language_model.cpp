#include "regard/models/kinds/language_model.hpp"

#include <ATen/ops/cross_entropy_loss.h>

#include "regard/base/error.hpp"
#include "regard/nn/context.hpp"

namespace regard::models {
using torch::Tensor;

LanguageModel::LanguageModel(const ModelSpec& spec, const ModelShape& shape,
                             const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : spec_(spec) {
  if (shape.input.vocabulary < 1) {
    throw InputError("language_model: tokens were expected, and the data gives values");
  }
  if (spec.trunk.pairs > 0) {
    throw InputError(
        "language_model: [model] pairs = 0 was expected, since text is made a token at a time, "
        "and " +
        std::to_string(spec.trunk.pairs) + " came");
  }
  trunk_ = register_module(
      "trunk", std::make_shared<nn::Trunk>(nn::TrunkOptions{.spec = spec.trunk,
                                                            .input = shape.input,
                                                            .phrases = phrases,
                                                            .max_length = shape.max_length,
                                                            .causal = true,
                                                            .cls = false}));
  if (!spec.tie) {
    head_ = register_module(
        "head",
        torch::nn::Linear(
            torch::nn::LinearOptions(spec.trunk.width, shape.input.vocabulary).bias(false)));
    nn::fill_normal(head_->weight, "head.weight", spec.trunk.deviation(head_->weight), seed);
  }
  trunk_->initialise(seed);
}

Tensor LanguageModel::project(const Tensor& x) {
  const auto out = at::linear(x, spec_.tie ? trunk_->embedding().table() : head_->weight);
  nn::observe("head", out);
  return out.to(torch::kFloat);
}

Tensor LanguageModel::compute(const nn::Batch& batch) {
  return project(trunk_->forward(batch.inputs, batch.lengths));
}

Tensor LanguageModel::mean_loss(const Tensor& logits, const nn::Batch& batch) {
  return at::cross_entropy_loss(logits.flatten(0, 1), batch.targets.flatten(), {},
                                at::Reduction::Mean, -1, spec_.label_smoothing);
}

Tensor LanguageModel::example_losses(const Tensor& logits, const nn::Batch& batch) {
  return mean_over_rows(at::cross_entropy_loss(logits.flatten(0, 1), batch.targets.flatten(), {},
                                               at::Reduction::None, -1, spec_.label_smoothing),
                        batch.targets);
}

nn::BatchScore LanguageModel::score(const nn::Batch& batch) {
  const auto out = logits(batch).flatten(0, 1);
  const auto targets = batch.targets.flatten();
  const auto sum =
      at::cross_entropy_loss(out, targets, {}, at::Reduction::Sum, -1).to(torch::kDouble);
  const auto valid = targets >= 0;
  const auto right = ((out.argmax(1) == targets) & valid).sum().to(torch::kDouble);
  return at::stack({sum, right, valid.sum().to(torch::kDouble)});
}

Tensor LanguageModel::step(const Tensor& ids, nn::TrunkState& state) {
  const auto x = trunk_->extend(ids, state);
  return project(x.narrow(1, x.size(1) - 1, 1)).select(1, 0);
}

ModelKind kinds::make_language_model() {
  return kind_of<LanguageModel>("causal decoder: predicts the next token, and generates",
                                "language_model", Direction::kCausal);
}

}  // namespace regard::models
