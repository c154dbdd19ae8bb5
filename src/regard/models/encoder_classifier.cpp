#include "regard/models/encoder_classifier.hpp"

namespace regard::models {

EncoderClassifier::EncoderClassifier(const ModelSpec& spec, const ModelShape& shape,
                                     const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : Classifier("encoder_classifier", spec, shape, phrases, seed, spec.trunk.width) {}

torch::Tensor EncoderClassifier::logits(const nn::Batch& batch) { return classify(pooled(batch)); }

}  // namespace regard::models
