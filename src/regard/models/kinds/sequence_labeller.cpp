#include "regard/models/kinds/sequence_labeller.hpp"

#include <ATen/ops/cross_entropy_loss.h>

#include "regard/base/error.hpp"
#include "regard/nn/context.hpp"
#include "regard/nn/full_precision.hpp"

namespace regard::models {
using torch::Tensor;

namespace {

/// Of (B, T, classes) and targets (B, T), where -1 is none.
Tensor cross_entropy(const Tensor& logits, const Tensor& targets, at::Reduction::Reduction how,
                     double smoothing) {
  return at::cross_entropy_loss(logits.flatten(0, 1), targets.flatten(), {}, how, -1, smoothing);
}

}  // namespace

SequenceLabeller::SequenceLabeller(const ModelSpec& spec, const ModelShape& shape,
                                   const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : spec_(spec) {
  if (shape.classes < 2) {
    throw InputError("sequence_labeller: at least 2 classes were expected, and " +
                     std::to_string(shape.classes) + " came");
  }
  trunk_ = register_module(
      "trunk", std::make_shared<nn::Trunk>(nn::TrunkOptions{.spec = spec.trunk,
                                                            .input = shape.input,
                                                            .phrases = phrases,
                                                            .max_length = shape.max_length,
                                                            .causal = false,
                                                            .cls = false}));
  head_ = register_module("head", torch::nn::Linear(spec.trunk.width, shape.classes));
  trunk_->initialise(seed);
  nn::fill_normal(head_->weight, "head.weight", spec.trunk.deviation(head_->weight), seed);
  nn::fill_normal(head_->bias, "head.bias", spec.trunk.deviation(head_->bias), seed);
}

Tensor SequenceLabeller::logits(const nn::Batch& batch) {
  const auto x = trunk_->forward(batch.inputs, batch.lengths);
  const nn::FullPrecision full(x);
  const auto out = head_->forward(x.to(head_->weight.scalar_type()));
  nn::observe("head", out);
  return out.to(torch::kFloat);
}

Tensor SequenceLabeller::mean_loss(const Tensor& logits, const nn::Batch& batch) {
  return cross_entropy(logits, batch.targets, at::Reduction::Mean, spec_.label_smoothing);
}

Tensor SequenceLabeller::example_losses(const Tensor& logits, const nn::Batch& batch) {
  return mean_over_rows(
      cross_entropy(logits, batch.targets, at::Reduction::None, spec_.label_smoothing),
      batch.targets);
}

nn::BatchScore SequenceLabeller::score(const nn::Batch& batch) {
  const auto out = logits(batch);
  const auto predicted = out.argmax(2);  // (B, T)
  const auto valid = batch.targets >= 0;
  const auto sum = cross_entropy(out, batch.targets, at::Reduction::Sum, 0).to(torch::kDouble);
  const auto right = ((predicted == batch.targets) & valid).sum().to(torch::kDouble);
  return {at::stack({sum, right, valid.sum().to(torch::kDouble)}), predicted};
}

namespace kinds {
ModelKind make_sequence_labeller() {
  return kind_of<SequenceLabeller>("encoder with a head at each position: one label for each token",
                                   "token_labels");
}
}  // namespace kinds

}  // namespace regard::models
