// Two texts, one label: a shared encoder reads both, and the head sees how the two vectors relate.
//
//   x1, x2 = pool(trunk(text 1)), pool(trunk(text 2))          (B, H) each
//   logits = head([x1, x2, x1 * x2, x1 - x2])                  (B, 4 H) -> classes
//
// Source: Long Range Arena's Retrieval, as Hrrformer's code has it.
#pragma once

#include "regard/models/model.hpp"

namespace regard::models {

/// Rows 2 i and 2 i + 1 of a batch are the two texts of pair i.
class PairClassifier final : public Model {
 public:
  PairClassifier(const ModelSpec& spec, const ModelShape& shape,
                 const std::vector<attention::Phrase>& phrases, uint64_t seed);
  torch::Tensor loss(const nn::Batch& batch) override;
  torch::Tensor score(const nn::Batch& batch) override;
  torch::Tensor logits(const nn::Batch& batch) override;
  nn::Trunk& trunk() override { return *trunk_; }

 private:
  ModelSpec spec_;
  std::shared_ptr<nn::Trunk> trunk_;
  torch::nn::Linear pool_{nullptr}, hidden_{nullptr}, head_{nullptr};
};

}  // namespace regard::models
