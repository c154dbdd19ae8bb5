// A label for each token: an encoder that sees both sides, and a head at every position.
//
//   logits = head(trunk(tokens))                               (B, T, H) -> (B, T, classes)
#pragma once

#include "regard/models/model.hpp"

namespace regard::models {

class SequenceLabeller final : public Model {
 public:
  SequenceLabeller(const ModelSpec& spec, const ModelShape& shape,
                   const std::vector<attention::Phrase>& phrases, uint64_t seed);
  nn::BatchScore score(const nn::Batch& batch) override;
  nn::Trunk& trunk() override { return *trunk_; }

 protected:
  torch::Tensor compute(const nn::Batch& batch) override;
  torch::Tensor mean_loss(const torch::Tensor& logits, const nn::Batch& batch) override;
  torch::Tensor example_losses(const torch::Tensor& logits, const nn::Batch& batch) override;

 private:
  ModelSpec spec_;
  std::shared_ptr<nn::Trunk> trunk_;
  torch::nn::Linear head_{nullptr};
};

}  // namespace regard::models
