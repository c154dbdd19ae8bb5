// Decoder language model: causal trunk, next-token logits, generation from a cache or a streaming
// state.
#pragma once

#include "regard/models/position_model.hpp"

namespace regard::models {

class LanguageModel final : public PositionModel {
 public:
  LanguageModel(const ModelSpec& spec, const ModelShape& shape,
                const std::vector<attention::Phrase>& phrases, uint64_t seed);

  nn::TrunkState start() const { return trunk_->start(); }
  /// The next ids (B, T) -> logits (B, vocabulary) of the token after them; equal to the last row
  /// of
  /// `logits` on all ids so far.
  torch::Tensor step(const torch::Tensor& ids, nn::TrunkState& state);

 protected:
  torch::Tensor compute(const nn::Batch& batch) override;
};

namespace kinds {
ModelKind make_language_model();
}

}  // namespace regard::models
