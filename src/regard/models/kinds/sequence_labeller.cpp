#include "regard/models/kinds/sequence_labeller.hpp"

#include "regard/base/error.hpp"
#include "regard/models/position_labels.hpp"
#include "regard/nn/context.hpp"
#include "regard/nn/full_precision.hpp"

namespace regard::models {
using torch::Tensor;

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

Tensor SequenceLabeller::compute(const nn::Batch& batch) {
  const auto x = trunk_->forward(batch.inputs, batch.lengths);
  const nn::FullPrecision full(x);
  const auto out = head_->forward(x.to(head_->weight.scalar_type()));
  nn::observe("head", out);
  return out.to(torch::kFloat);
}

Tensor SequenceLabeller::mean_loss(const Tensor& logits, const nn::Batch& batch) {
  return position_loss(logits, batch.targets, spec_.label_smoothing);
}

Tensor SequenceLabeller::example_losses(const Tensor& logits, const nn::Batch& batch) {
  return position_losses(logits, batch.targets, spec_.label_smoothing);
}

nn::BatchScore SequenceLabeller::score(const nn::Batch& batch) {
  return position_score(logits(batch), batch.targets);
}

namespace kinds {
ModelKind make_sequence_labeller() {
  return kind_of<SequenceLabeller>("encoder with a head at each position: one label for each token",
                                   "token_labels");
}
}  // namespace kinds

}  // namespace regard::models
