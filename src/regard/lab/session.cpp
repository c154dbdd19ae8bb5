#include "regard/lab/session.hpp"

#include <algorithm>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/machine.hpp"
#include "regard/models/kinds/language_model.hpp"
#include "regard/nn/saved_buffers.hpp"

namespace regard::lab {
namespace fs = std::filesystem;

train::NamedTensors ModelLearner::parameters() {
  train::NamedTensors named;
  for (const auto& item : model_->named_parameters()) named.emplace_back(item.key(), item.value());
  return named;
}

train::NamedTensors ModelLearner::buffers() { return nn::saved_buffers(*model_); }

std::vector<attention::StepScalar> ModelLearner::step_scalars() {
  std::vector<attention::StepScalar> all;
  for (const auto& module : model_->modules()) {
    const auto* reader = dynamic_cast<const attention::ReadsStepScalars*>(module.get());
    if (reader == nullptr) continue;
    for (auto& scalar : reader->step_scalars()) all.push_back(std::move(scalar));
  }
  return all;
}

nn::Loss ModelLearner::loss(const nn::Batch& batch) {
  if (!model_->is_training()) model_->train();
  return model_->loss(batch);
}

bool ModelLearner::has_predictor() const {
  const auto modules = model_->modules();
  return std::any_of(modules.begin(), modules.end(), [](const auto& module) {
    const auto* attention = dynamic_cast<const attention::SelfAttention*>(module.get());
    if (attention == nullptr) return false;
    const auto facts = attention->phrase().graph->facts(false);
    return facts.edges() != nullptr && facts.edges()->learned;
  });
}

std::map<std::string, double> ModelLearner::seen() {
  const auto counts = attention::take_edge_counts();
  std::map<std::string, double> seen;
  if (counts.queries > 0) seen["edges_per_query"] = counts.edges / counts.queries;
  if (counts.planted > 0) seen["edge_recall"] = counts.found / counts.planted;
  return seen;
}

nn::BatchScore ModelLearner::score(const nn::Batch& batch) {
  if (model_->is_training()) model_->eval();
  return model_->score(batch);
}

std::vector<metrics::Metric> ModelLearner::metrics() const {
  return task_ != nullptr ? task_->metrics() : Learner::metrics();
}

std::vector<double> ModelLearner::scores(const metrics::Predictions& predictions) const {
  return task_->scores(predictions, classes_);
}

StreamBatches::StreamBatches(std::shared_ptr<const data::Dataset> dataset,
                             const data::StreamOptions& options)
    : dataset_(std::move(dataset)), stream_(dataset_->train(options)) {}

train::Evaluation evaluation_of(const data::Dataset& dataset, int64_t rows) {
  std::shared_ptr<data::Stream> stream = dataset.sweep(rows);
  return {[stream](int64_t i) { return stream->batch(i); }, stream->steps_per_epoch()};
}

std::string model_kind(const Recipe& recipe, const data::Encoding& encoding) {
  const auto& task = *encoding.task;
  const auto& asked = recipe.model.kind;
  if (asked.empty() || models::find_model_kind(asked).task == task.name()) {
    return asked.empty() ? task.model() : asked;
  }
  const bool text = task.reads_text();
  throw InputError("[model] kind = \"" + asked + "\": the task is " + task.name() +
                   ", which needs \"" + task.model() + "\"" +
                   (text ? "; labels are read when --label names their column" : ""));
}

std::shared_ptr<models::Model> make_model(const Recipe& recipe, const data::Encoding& encoding) {
  auto spec = recipe.model;
  if (!(spec.label_smoothing >= 0 && spec.label_smoothing < 1))
    throw InputError("[model]: label_smoothing in [0, 1) was expected, and " +
                     shortest(spec.label_smoothing) + " came");
  spec.kind = model_kind(recipe, encoding);
  spec.decoder = recipe.attention.decoder;
  spec.cross = recipe.attention.cross;
  const bool two = encoding.task->targets() == data::Targets::kText;
  if (!two && !(spec.decoder.empty() && spec.cross.empty())) {
    throw InputError("[attention]: decoder and cross are parts of a translation, and the task is " +
                     encoding.task->name());
  }
  const auto phrases = recipe.phrases();
  const bool causal = models::is_causal(spec.kind);
  for (const auto& phrase : phrases) {
    attention::check_meaning(phrase, causal);
    const auto facts = phrase.graph->facts(causal);
    if (facts.edges() && facts.edges()->in_batch && !encoding.has_edges()) {
      throw InputError("phrase \"" + phrase.canonical +
                       "\": data with edges was expected (--nodes with --edges, or reader = "
                       "\"recall\"), and this data has none");
    }
  }
  return models::make_model(
      spec,
      {.input = {.vocabulary = encoding.vocabulary,
                 .channels = encoding.channels,
                 .separator =
                     encoding.framed ? encoding.tokenizer->special(data::Special::kEnd) : -1},
       .classes = static_cast<int64_t>(encoding.classes.size()),
       .max_length = encoding.max_length},
      phrases, static_cast<uint64_t>(recipe.run.seed));
}

int64_t count_parameters(const torch::nn::Module& model) {
  int64_t count = 0;
  for (const auto& parameter : model.parameters()) count += parameter.numel();
  return count;
}

int64_t count_attention_parameters(const torch::nn::Module& model) {
  int64_t count = 0;
  for (const auto& item : model.named_parameters()) {
    const auto& name = item.key();
    for (const char* part : {".projection.", ".graph.", ".fold."}) {
      if (name.find(part) != std::string::npos) count += item.value().numel();
    }
  }
  return count;
}

double cache_bytes(models::Model& model, int64_t max_length) {
  auto* language = dynamic_cast<models::LanguageModel*>(&model);
  if (!language || max_length < 1) return -1;
  const torch::NoGradGuard no_grad;
  constexpr int64_t kMost = 1024;
  const bool training = language->is_training();
  language->eval();
  auto state = language->start();
  const auto device = language->parameters().front().device();
  const auto tokens = std::min(max_length, kMost);
  language->step(at::zeros({1, tokens}, at::TensorOptions(torch::kLong).device(device)), state);
  language->train(training);
  return static_cast<double>(state.bytes()) / static_cast<double>(tokens);
}

bool can_generate(const std::vector<attention::Phrase>& phrases) {
  return std::none_of(phrases.begin(), phrases.end(), [](const auto& phrase) {
    return phrase.graph->facts(true).edges() != nullptr;
  });
}

namespace {
std::string command_of(const data::Task& task) {
  switch (task.targets()) {
    case data::Targets::kNextToken:
      return "generate";
    case data::Targets::kMasked:
      return "fill";
    case data::Targets::kText:
      return "translate";
    default:
      return "predict";
  }
}
}  // namespace

void check_command(const TrainedRun& run, const std::string& who, const std::string& command) {
  const auto& task = *run.encoding.task;
  if (command_of(task) == command) return;
  throw InputError(who + ": a run that `regard " + command +
                   "` answers was expected, and this one has the task " + task.name() +
                   "; use `regard " + command_of(task) + "` or `regard eval`");
}

TrainedRun open_run(const fs::path& folder, const std::string& device) {
  if (!fs::is_directory(folder)) throw InputError(folder.string() + ": no such run folder");
  TrainedRun run;
  for (const char* name : {"average.safetensors", "best.safetensors", "last.safetensors"}) {
    if (fs::exists(folder / name)) {
      run.checkpoint = folder / name;
      break;
    }
  }
  if (run.checkpoint.empty() || !fs::exists(folder / "recipe.toml")) {
    throw InputError(folder.string() +
                     ": a run folder with recipe.toml and best.safetensors was expected" +
                     (fs::exists(folder / "comparison.json")
                          ? "; this is a comparison: name one of the runs in it"
                      : fs::exists(folder / "docgraph.json")
                          ? "; this is a run of `regard docgraph train`: use `regard docgraph "
                            "predict` or `regard docgraph explain`"
                          : ""));
  }
  run.recipe = load_recipe(folder / "recipe.toml");
  const auto metadata = run::read_arrays(run.checkpoint).metadata;
  const auto encoding = metadata.find("encoding");
  if (encoding == metadata.end()) {
    throw InputError(run.checkpoint.string() +
                     ": no checkpoint of this command: it does not say how its data was encoded");
  }
  const auto phrase = metadata.find("phrase");
  if (phrase != metadata.end() && phrase->second != run.recipe.phrase_text()) {
    throw InputError(run.checkpoint.string() + ": it is a checkpoint of " + phrase->second +
                     ", and recipe.toml beside it says " + run.recipe.phrase_text());
  }
  run.encoding = data::encoding_from_json(encoding->second);
  run.device = choose_device(device.empty() ? run.recipe.run.device : device);
  run.model = make_model(run.recipe, run.encoding);
  run.model->to(run.device);
  ModelLearner learner(run.model);
  train::load_weights(run.checkpoint, learner);
  run.model->eval();
  return run;
}

}  // namespace regard::lab
