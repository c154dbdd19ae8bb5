#include "regard/models/kinds/node_classifier.hpp"

#include "regard/base/error.hpp"
#include "regard/nn/context.hpp"

namespace regard::models {
using torch::Tensor;

NodeClassifier::NodeClassifier(const ModelSpec& spec, const ModelShape& shape,
                               const std::vector<attention::Phrase>& phrases, uint64_t seed)
    : PositionModel(spec) {
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
  auto options = trunk_options(spec, shape, phrases);
  if (gat) options.outputs = shape.classes;
  make_trunk(options, seed);
  if (!gat) make_head(shape.classes, true, seed);
}

Tensor NodeClassifier::compute(const nn::Batch& batch) {
  auto x = trunk_->forward(batch.inputs, batch.lengths);
  if (!head_.is_empty()) x = classify(x);
  nn::observe("head", x);
  return x.to(torch::kFloat);
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
