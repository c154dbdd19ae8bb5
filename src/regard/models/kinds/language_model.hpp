// Decoder language model: causal trunk, next-token logits, generation from a cache or a streaming
// state.
#pragma once

#include "regard/models/model.hpp"

namespace regard::models {

class LanguageModel final : public Model {
 public:
  LanguageModel(const ModelSpec& spec, const ModelShape& shape,
                const std::vector<attention::Phrase>& phrases, uint64_t seed);
  nn::BatchScore score(const nn::Batch& batch) override;
  nn::Trunk& trunk() override { return *trunk_; }

  nn::TrunkState start() const { return trunk_->start(); }
  /// The next ids (B, T) -> logits (B, vocabulary) of the token after them; equal to the last row
  /// of
  /// `logits` on all ids so far.
  torch::Tensor step(const torch::Tensor& ids, nn::TrunkState& state);

 protected:
  torch::Tensor compute(const nn::Batch& batch) override;
  torch::Tensor mean_loss(const torch::Tensor& logits, const nn::Batch& batch) override;
  torch::Tensor example_losses(const torch::Tensor& logits, const nn::Batch& batch) override;

 private:
  torch::Tensor project(const torch::Tensor& x);

  ModelSpec spec_;
  std::shared_ptr<nn::Trunk> trunk_;
  torch::nn::Linear head_{nullptr};  // absent where the table is tied
};

namespace kinds {
ModelKind make_language_model();
}

}  // namespace regard::models
