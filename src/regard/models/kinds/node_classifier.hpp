// A label for each node of one graph: all nodes are the positions of one row, and who meets whom is
// the graph of the attention.
//
//   block = gat:          logits = trunk(features)             the last layer gives the classes
//   block = transformer:  logits = head(trunk(features))       (1, N, H) -> (1, N, classes)
#pragma once

#include "regard/models/model.hpp"

namespace regard::models {

class NodeClassifier final : public Model {
 public:
  NodeClassifier(const ModelSpec& spec, const ModelShape& shape,
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
  torch::nn::Linear head_{nullptr};  // none behind block gat
};

namespace kinds {
ModelKind make_node_classifier();
}

}  // namespace regard::models
