// A label for each token: an encoder that sees both sides, and a head at every position.
//
//   logits = head(trunk(tokens))                               (B, T, H) -> (B, T, classes)
#pragma once

#include "regard/models/position_model.hpp"

namespace regard::models {

class SequenceLabeller final : public PositionModel {
 public:
  SequenceLabeller(const ModelSpec& spec, const ModelShape& shape,
                   const std::vector<attention::Phrase>& phrases, uint64_t seed);
  nn::BatchScore score(const nn::Batch& batch) override { return score_classes(batch); }

 protected:
  torch::Tensor compute(const nn::Batch& batch) override;
};

}  // namespace regard::models
