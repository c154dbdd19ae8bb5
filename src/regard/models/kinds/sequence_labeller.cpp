#include "regard/models/kinds/sequence_labeller.hpp"

#include "regard/base/error.hpp"
#include "regard/nn/context.hpp"

namespace regard::models {
using torch::Tensor;

SequenceLabeller::SequenceLabeller(const ModelSpec& spec, const ModelShape& shape,
                                   const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : PositionModel(spec) {
  if (shape.classes < 2) {
    throw InputError("sequence_labeller: at least 2 classes were expected, and " +
                     std::to_string(shape.classes) + " came");
  }
  make_trunk(trunk_options(spec, shape, phrases), seed);
  make_head(shape.classes, true, seed);
}

Tensor SequenceLabeller::compute(const nn::Batch& batch) {
  const auto out = classify(trunk_->forward(batch.inputs, batch.lengths));
  nn::observe("head", out);
  return out.to(torch::kFloat);
}

namespace kinds {
ModelKind make_sequence_labeller() {
  return kind_of<SequenceLabeller>("encoder with a head at each position: one label for each token",
                                   "token_labels");
}
}  // namespace kinds

}  // namespace regard::models
