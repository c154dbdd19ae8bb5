// A model that answers at each position: (B, T, classes) against targets (B, T), where -1 is none.
#pragma once

#include "regard/models/model.hpp"

namespace regard::models {

class PositionModel : public Model {
 public:
  nn::BatchScore score(const nn::Batch& batch) override { return score_classes(batch).sums; }
  nn::Trunk& trunk() override { return *trunk_; }

 protected:
  explicit PositionModel(const ModelSpec& spec) : spec_(spec) {}
  /// Registers the trunk, with fresh weights.
  void make_trunk(const nn::TrunkOptions& options, uint64_t seed);
  /// Registers the last layer, from the trunk's width to `outputs`, with fresh weights.
  void make_head(int64_t outputs, bool bias, uint64_t seed);
  /// (B, T, H) -> (B, T, outputs) by the head, in full precision.
  torch::Tensor classify(const torch::Tensor& x);
  /// x E^T + bias, where E (vocabulary, H) is the table of the trunk's embedding, or the head's
  /// matrix without `tie`; bias may be undefined.
  torch::Tensor to_vocabulary(const torch::Tensor& x, const torch::Tensor& bias = {});
  /// InputError, which begins with `name`, for a model that makes text a token at a time.
  void check_text(const std::string& name, const ModelShape& shape) const;
  /// As `score`, with the likeliest class of each position.
  nn::BatchScore score_classes(const nn::Batch& batch);

  torch::Tensor mean_loss(const torch::Tensor& logits, const nn::Batch& batch) override;
  torch::Tensor example_losses(const torch::Tensor& logits, const nn::Batch& batch) override;

  ModelSpec spec_;
  std::shared_ptr<nn::Trunk> trunk_;
  torch::nn::Linear head_{nullptr};  // not every model has one
};

}  // namespace regard::models
