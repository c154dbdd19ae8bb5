#include "regard/models/kinds/node_classifier.hpp"

#include "regard/base/error.hpp"
#include "regard/models/position_labels.hpp"
#include "regard/nn/context.hpp"
#include "regard/nn/full_precision.hpp"

namespace regard::models {
using torch::Tensor;

NodeClassifier::NodeClassifier(const ModelSpec& spec, const ModelShape& shape,
                               const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : spec_(spec) {
  if (shape.classes < 2) {
    throw InputError("node_classifier: at least 2 classes were expected, and " +
                     std::to_string(shape.classes) + " came");
  }
  if (shape.input.channels < 1) {
    throw InputError(
        "node_classifier: nodes with features were expected, and the data gives tokens");
  }
  if (spec.trunk.positions != "none") {
    throw InputError(
        "node_classifier: [model] positions = \"none\" was expected, since nodes have "
        "no order, and \"" +
        spec.trunk.positions + "\" came");
  }
  const bool gat = spec.trunk.block == "gat";
  trunk_ = register_module(
      "trunk", std::make_shared<nn::Trunk>(nn::TrunkOptions{.spec = spec.trunk,
                                                            .input = shape.input,
                                                            .phrases = phrases,
                                                            .max_length = shape.max_length,
                                                            .causal = false,
                                                            .cls = false,
                                                            .outputs = gat ? shape.classes : 0}));
  trunk_->initialise(seed);
  if (gat) return;
  head_ = register_module("head", torch::nn::Linear(spec.trunk.width, shape.classes));
  nn::fill_normal(head_->weight, "head.weight", spec.trunk.deviation(head_->weight), seed);
  nn::fill_normal(head_->bias, "head.bias", 0, seed);
}

Tensor NodeClassifier::compute(const nn::Batch& batch) {
  auto x = trunk_->forward(batch.inputs, batch.lengths);
  if (!head_.is_empty()) {
    const nn::FullPrecision full(x);
    x = head_->forward(x.to(head_->weight.scalar_type()));
  }
  nn::observe("head", x);
  return x.to(torch::kFloat);
}

Tensor NodeClassifier::mean_loss(const Tensor& logits, const nn::Batch& batch) {
  return position_loss(logits, batch.targets, spec_.label_smoothing);
}

Tensor NodeClassifier::example_losses(const Tensor& logits, const nn::Batch& batch) {
  return position_losses(logits, batch.targets, spec_.label_smoothing);
}

nn::BatchScore NodeClassifier::score(const nn::Batch& batch) {
  return position_score(logits(batch), batch.targets);
}

namespace kinds {
ModelKind make_node_classifier() {
  return kind_of<NodeClassifier>(
      "a label for each node of a graph: graph attention network, or trunk "
      "with a head",
      "nodes");
}
}  // namespace kinds

}  // namespace regard::models
