#include "regard/docgraph/models/graph_net.hpp"

#include "regard/attention/phrase.hpp"
#include "regard/base/error.hpp"
#include "regard/nn/layers.hpp"
#include "regard/ops/block/mean_rows.hpp"

namespace regard::docgraph {
using torch::Tensor;

void GraphNetSpec::visit(Visitor& f) {
  f("layers", layers, "layers of the graph attention network");
  f("heads", heads, "heads, side by side");
  f("width", width, "width of a layer; heads divide it");
  f("dropout", dropout, "rate on the input of each layer");
  fit.visit(f);
}

void GraphNetSpec::check() const {
  if (layers < 1) throw InputError("[gat] layers: at least 1 was expected");
  if (heads < 1 || width < 1 || width % heads != 0)
    throw InputError("[gat] heads: a divisor of the width " + std::to_string(width) +
                     " was expected, and " + std::to_string(heads) + " came");
  if (!(dropout >= 0 && dropout < 1))
    throw InputError("[gat] dropout: a rate in [0, 1) was expected");
  fit.check("gat");
}

namespace {

models::ModelSpec model_spec(const GraphNetSpec& spec) {
  models::ModelSpec model;
  model.kind = "encoder_classifier";
  model.pooling = "mean";
  auto& trunk = model.trunk;
  trunk.width = spec.width;
  trunk.layers = spec.layers;
  trunk.heads = spec.heads;
  trunk.block = "gat";
  trunk.positions = "none";
  trunk.dropout = spec.dropout;
  trunk.init_rule = "glorot";
  return model;
}

}  // namespace

GraphNet::GraphNet(const GraphNetSpec& spec, int64_t channels, int64_t classes, Pairs pairs,
                   uint64_t seed) {
  const auto* graph = pairs == Pairs::kAll ? "full" : "edges";
  const auto phrase =
      attention::parse_phrase(std::string("shared(form=plain)+") + graph + "+additive");
  models::ModelShape shape;
  shape.input = {.vocabulary = 0, .channels = channels};
  shape.classes = classes;
  shape.max_length = int64_t{1} << 40;
  model_ = models::make_model(model_spec(spec), shape, {phrase}, seed);
}

Trainee GraphNet::trainee() {
  auto model = model_;
  return {model.get(), [model](const nn::Batch& batch) { return model->logits(batch); }};
}

MeanNet::MeanNet(const GraphNetSpec& spec, int64_t channels, int64_t classes, uint64_t seed)
    : dropout_(spec.dropout) {
  hidden_ = register_module("hidden", torch::nn::Linear(channels, spec.width));
  out_ = register_module("out", torch::nn::Linear(spec.width, classes));
  for (const auto& item : named_parameters()) {
    const auto& p = item.value();
    const double sum = p.dim() < 2 ? 0 : static_cast<double>(p.size(0) + p.size(1));
    nn::fill_normal(p, item.key(), sum > 0 ? std::sqrt(2 / sum) : 0, seed);
  }
}

Tensor MeanNet::forward(const nn::Batch& batch) {
  const auto mean = ops::mean_rows(batch.inputs, batch.lengths);
  const auto x = nn::dropout(mean, dropout_, 1, is_training());
  return out_->forward(nn::dropout(hidden_->forward(x).relu(), dropout_, 2, is_training()));
}

Trainee MeanNet::trainee() {
  return {this, [this](const nn::Batch& batch) { return forward(batch); }};
}

}  // namespace regard::docgraph
