#include "regard/models/model.hpp"

#include <utility>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/nn/context.hpp"

namespace regard::models {

void ModelSpec::visit(Visitor& f) {
  Choices kinds = {""};
  for (const auto& entry : model_kinds()) kinds.push_back(entry.name);
  f("kind", kind, "the network, as `regard list models` names them (empty: that of the task)",
    kinds);
  trunk.visit(f);
  f("pooling", pooling,
    "classifier: from tokens to one vector; mean_padded averages over padding too; cls: that of a "
    "token put in front; first: that of the first token of the data",
    {"mean", "mean_padded", "cls", "first", "attention"});
  f("head_hidden", head_hidden, "classifier: width of a hidden layer before the classes (0: none)");
  f("head_activation", head_activation, "classifier: behind that hidden layer; BERT has tanh",
    {"gelu", "tanh"});
  f("tie", tie, "language models, translation: one table for embedding and output");
  f("label_smoothing", label_smoothing, "share of probability spread evenly over the classes");
  f("from", from,
    "the run whose weights training begins with, {phrase} in it for the phrase (empty: fresh "
    "ones)");
}

namespace {

/// The edges that a batch brings, for all heads.
attention::EdgeTensors edges_of(const nn::Batch& batch) {
  const auto named = [&](const char* name) {
    const auto found = batch.others.find(name);
    return found == batch.others.end() ? torch::Tensor() : found->second.unsqueeze(1);
  };
  return {named(nn::kEdgeQueries), named(nn::kEdgeKeys), named(nn::kEdgeGates)};
}

}  // namespace

torch::Tensor Model::logits(const nn::Batch& batch) {
  const attention::BatchScope scope(edges_of(batch));
  return compute(batch);
}

nn::Loss Model::loss(const nn::Batch& batch, nn::Detail detail) {
  attention::LossScope scope;
  const auto out = logits(batch);
  nn::Loss loss(mean_loss(out, batch));
  if (detail == nn::Detail::kExamples || scope.wants_feedback()) {
    loss.examples = example_losses(out, batch);
  }
  if (scope.wants_feedback()) {
    const auto rows = batch.inputs.size(0) / loss.examples.size(0);  // of an example
    scope.give_feedback(rows == 1 ? loss.examples : loss.examples.repeat_interleave(rows));
  }
  loss.auxiliary = scope.losses();
  return loss;
}

nn::TrunkOptions trunk_options(const ModelSpec& spec, const ModelShape& shape,
                               const std::vector<attention::Phrase>& phrases) {
  return {
      .spec = spec.trunk, .input = shape.input, .phrases = phrases, .max_length = shape.max_length};
}

torch::Tensor mean_over_rows(const torch::Tensor& losses, const torch::Tensor& targets) {
  const auto count = (targets >= 0).sum(1).clamp_min(1);  // (B)
  return losses.view(targets.sizes()).sum(1) / count;
}

// Maps then have the size of the example. Other tensors with lengths of their own are
// "<name>.inputs" and "<name>.lengths".
nn::Batch first_example(const nn::Batch& batch) {
  nn::Batch one = batch;
  const auto cut = [](torch::Tensor& inputs, torch::Tensor& lengths) {
    inputs = inputs.narrow(0, 0, 1);
    if (lengths.defined()) inputs = inputs.narrow(1, 0, lengths[0].item<int64_t>());
    lengths = torch::Tensor();
  };
  cut(one.inputs, one.lengths);
  const std::string ending = ".inputs";
  for (auto& [name, tensor] : one.others) {
    if (!name.ends_with(ending)) continue;
    cut(tensor, one.others[name.substr(0, name.size() - ending.size()) + ".lengths"]);
  }
  return one;
}

std::vector<LayerMap> Model::maps(const nn::Batch& batch) {
  const torch::NoGradGuard guard;
  const auto one = first_example(batch);
  const attention::BatchScope edges(edges_of(batch).example(0));
  std::vector<torch::Tensor> inputs;
  {
    const nn::ObserverScope scope([&](const std::string& layer, const torch::Tensor& x) {
      if (layer.ends_with("attention_input")) inputs.push_back(x);
    });
    trunk().forward(one.inputs, one.lengths);
  }
  std::vector<LayerMap> maps;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    maps.push_back({static_cast<int64_t>(i),
                    trunk().blocks()[i]->attention().weights(attention::call_of(inputs[i], {})),
                    ""});
  }
  return maps;
}

const std::vector<ModelKind>& model_kinds() {
  static const auto kinds = [] {
    std::vector<ModelKind> made;
    for (const auto& [name, make] : model_entries()) {
      made.push_back(make());
      made.back().name = name;
    }
    return made;
  }();
  return kinds;
}

const ModelKind& find_model_kind(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& kind : model_kinds()) {
    if (kind.name == name) return kind;
    known.push_back(kind.name);
  }
  throw InputError("[model] kind: unknown \"" + name + "\"" + suggestion(name, known));
}

std::shared_ptr<Model> make_model(const ModelSpec& spec, const ModelShape& shape,
                                  const std::vector<attention::Phrase>& phrases, uint64_t seed) {
  return find_model_kind(spec.kind).make(spec, shape, phrases, seed);
}

}  // namespace regard::models
