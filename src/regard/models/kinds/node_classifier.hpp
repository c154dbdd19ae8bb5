// A label for each node of one graph: all nodes are the positions of one row, and who meets whom is
// the graph of the attention.
//
//   block = gat:          logits = trunk(features)             the last layer gives the classes
//   block = transformer:  logits = head(trunk(features))       (1, N, H) -> (1, N, classes)
#pragma once

#include "regard/models/position_model.hpp"

namespace regard::models {

class NodeClassifier final : public PositionModel {
 public:
  NodeClassifier(const ModelSpec& spec, const ModelShape& shape,
                 const std::vector<attention::Phrase>& phrases, uint64_t seed);
  nn::BatchScore score(const nn::Batch& batch) override { return score_classes(batch); }

 protected:
  torch::Tensor compute(const nn::Batch& batch) override;
};

namespace kinds {
ModelKind make_node_classifier();
}

}  // namespace regard::models
