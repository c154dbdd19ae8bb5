// What classifiers share: a trunk, pooling to one vector a sequence, and a head on features made of
// those vectors.
#pragma once

#include "regard/models/model.hpp"

namespace regard::models {

class Classifier : public Model {
 public:
  /// `name` begins the messages; the head reads `features` numbers.
  Classifier(const std::string& name, const ModelSpec& spec, const ModelShape& shape,
             const std::vector<attention::Phrase>& phrases, uint64_t seed, int64_t features);
  nn::BatchScore score(const nn::Batch& batch) override;
  nn::Trunk& trunk() override { return *trunk_; }

  /// The head alone, in fp32: (B, features) -> logits (B, classes).
  torch::Tensor classify(const torch::Tensor& features);
  /// The matrix (H, 1) of attention pooling; absent with the others.
  torch::nn::Linear& scorer() { return pool_; }

 protected:
  /// One vector a row of the batch, (rows, H).
  torch::Tensor pooled(const nn::Batch& batch);
  torch::Tensor mean_loss(const torch::Tensor& logits, const nn::Batch& batch) override;
  torch::Tensor example_losses(const torch::Tensor& logits, const nn::Batch& batch) override;

 private:
  ModelSpec spec_;
  std::shared_ptr<nn::Trunk> trunk_;
  torch::nn::Linear pool_{nullptr}, hidden_{nullptr}, head_{nullptr};
};

}  // namespace regard::models
