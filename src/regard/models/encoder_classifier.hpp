// Encoder classifier: trunk, pooling over the valid positions, head.
#pragma once

#include "regard/models/model.hpp"

namespace regard::models {

class EncoderClassifier final : public Model {
 public:
  EncoderClassifier(const ModelSpec& spec, const ModelShape& shape,
                    const std::vector<attention::Phrase>& phrases, uint64_t seed);
  torch::Tensor loss(const nn::Batch& batch) override;
  torch::Tensor score(const nn::Batch& batch) override;
  torch::Tensor logits(const nn::Batch& batch) override;
  nn::Trunk& trunk() override { return *trunk_; }

  /// The head alone: pooled (B, H) -> logits (B, classes).
  torch::Tensor classify(const torch::Tensor& pooled);
  /// The matrix (H, 1) of attention pooling; absent with the others.
  torch::nn::Linear& scorer() { return pool_; }

 private:
  ModelSpec spec_;
  std::shared_ptr<nn::Trunk> trunk_;
  torch::nn::Linear pool_{nullptr}, hidden_{nullptr}, head_{nullptr};
};

}  // namespace regard::models
