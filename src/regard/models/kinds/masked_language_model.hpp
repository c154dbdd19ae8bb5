// Masked language model (Devlin et al. 2019): an encoder that tells the tokens at some places.
//
//   logits = E norm(gelu(W x + b)) + c        at those places alone, E the table of the embedding
#pragma once

#include "regard/models/position_model.hpp"

namespace regard::models {

class MaskedLanguageModel final : public PositionModel {
 public:
  MaskedLanguageModel(const ModelSpec& spec, const ModelShape& shape,
                      const std::vector<attention::Phrase>& phrases, uint64_t seed);

 protected:
  /// (B, P, vocabulary) for the places (B, P) of the batch; without places for all, P = T.
  torch::Tensor compute(const nn::Batch& batch) override;

 private:
  torch::nn::Linear dense_{nullptr};
  std::shared_ptr<nn::Norm> norm_;
  torch::Tensor bias_;
};

namespace kinds {
ModelKind make_masked_language_model();
}

}  // namespace regard::models
