// Encoder classifier: trunk, pooling over the valid positions, head.
#pragma once

#include "regard/models/classifier.hpp"

namespace regard::models {

class EncoderClassifier final : public Classifier {
 public:
  EncoderClassifier(const ModelSpec& spec, const ModelShape& shape,
                    const std::vector<attention::Phrase>& phrases, uint64_t seed);

 protected:
  torch::Tensor compute(const nn::Batch& batch) override;
};

namespace kinds {
ModelKind make_encoder_classifier();
}

}  // namespace regard::models
