// Two texts, one label: a shared encoder reads both, and the head sees how the two vectors relate.
//
//   x1, x2 = pool(trunk(text 1)), pool(trunk(text 2))          (B, H) each
//   logits = head([x1, x2, x1 * x2, x1 - x2])                  (B, 4 H) -> classes
//
// Source: Long Range Arena's Retrieval, as Hrrformer's code has it.
#pragma once

#include "regard/models/classifier.hpp"

namespace regard::models {

/// Rows 2 i and 2 i + 1 of a batch are the two texts of pair i.
class PairClassifier final : public Classifier {
 public:
  PairClassifier(const ModelSpec& spec, const ModelShape& shape,
                 const std::vector<attention::Phrase>& phrases, uint64_t seed);

 protected:
  torch::Tensor compute(const nn::Batch& batch) override;
};

namespace kinds {
ModelKind make_pair_classifier();
}

}  // namespace regard::models
