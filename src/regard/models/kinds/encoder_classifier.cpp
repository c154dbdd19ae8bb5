#include "regard/models/kinds/encoder_classifier.hpp"

namespace regard::models {

EncoderClassifier::EncoderClassifier(const ModelSpec& spec, const ModelShape& shape,
                                     const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : Classifier("encoder_classifier", spec, shape, phrases, seed, spec.trunk.width) {}

torch::Tensor EncoderClassifier::compute(const nn::Batch& batch) { return classify(pooled(batch)); }

ModelKind kinds::make_encoder_classifier() {
  return kind_of<EncoderClassifier>("encoder with a pooled head: one label for each example",
                                    "classification");
}

}  // namespace regard::models
