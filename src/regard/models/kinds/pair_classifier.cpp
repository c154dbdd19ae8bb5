#include "regard/models/kinds/pair_classifier.hpp"

#include <ATen/ops/cat.h>

#include "regard/base/error.hpp"

namespace regard::models {
using torch::Tensor;

PairClassifier::PairClassifier(const ModelSpec& spec, const ModelShape& shape,
                               const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : Classifier("pair_classifier", spec, shape, phrases, seed, 4 * spec.trunk.width) {}

Tensor PairClassifier::compute(const nn::Batch& batch) {
  if (batch.inputs.size(0) % 2 != 0) {
    throw InputError("pair_classifier: two rows for each pair were expected, and " +
                     std::to_string(batch.inputs.size(0)) + " rows came");
  }
  const auto x = pooled(batch);                                                 // (2 B, H)
  const auto a = x.slice(0, 0, x.size(0), 2), b = x.slice(0, 1, x.size(0), 2);  // (B, H)
  return classify(at::cat({a, b, a * b, a - b}, 1));                            // of (B, 4 H)
}

ModelKind kinds::make_pair_classifier() {
  return kind_of<PairClassifier>("shared encoder of two texts: one label for each pair", "pairs");
}

}  // namespace regard::models
