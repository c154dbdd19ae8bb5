#include "regard/models/kinds/language_model.hpp"

namespace regard::models {
using torch::Tensor;

LanguageModel::LanguageModel(const ModelSpec& spec, const ModelShape& shape,
                             const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : PositionModel(spec) {
  check_text("language_model", shape);
  auto options = trunk_options(spec, shape, phrases);
  options.causal = true;
  make_trunk(options, seed);
  if (!spec.tie) make_head(shape.input.vocabulary, false, seed);
}

Tensor LanguageModel::compute(const nn::Batch& batch) {
  return to_vocabulary(trunk_->forward(batch.inputs, batch.lengths));
}

Tensor LanguageModel::step(const Tensor& ids, nn::TrunkState& state) {
  const auto x = trunk_->extend(ids, state);
  return to_vocabulary(x.narrow(1, x.size(1) - 1, 1)).select(1, 0);
}

ModelKind kinds::make_language_model() {
  return kind_of<LanguageModel>("causal decoder: predicts the next token, and generates",
                                "language_model", Direction::kCausal);
}

}  // namespace regard::models
