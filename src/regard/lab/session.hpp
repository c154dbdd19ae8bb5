// One run put together: data, model, and what the loop needs of both.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "regard/lab/recipe.hpp"
#include "regard/train/learner.hpp"

namespace regard::lab {

/// A model as the loop sees it.
class ModelLearner : public train::Learner {
 public:
  explicit ModelLearner(std::shared_ptr<models::Model> model) : model_(std::move(model)) {}
  /// With the measures of the task.
  ModelLearner(std::shared_ptr<models::Model> model, const data::Encoding& encoding)
      : model_(std::move(model)), task_(encoding.task), classes_(encoding.classes) {}
  train::NamedTensors parameters() override;
  train::NamedTensors buffers() override;
  std::vector<attention::StepScalar> step_scalars() override;
  nn::Loss loss(const nn::Batch& batch) override;
  nn::BatchScore score(const nn::Batch& batch) override;
  std::vector<metrics::Metric> metrics() const override;
  std::vector<double> scores(const metrics::Predictions& predictions) const override;
  /// Of attentions on edges: "edges_per_query", and "edge_recall" of those that the data plants.
  std::map<std::string, double> seen() override;
  /// Whether an attention learns which edges it keeps.
  bool has_predictor() const;

 protected:
  models::Model& model() const { return *model_; }

 private:
  std::shared_ptr<models::Model> model_;
  const data::Task* task_ = nullptr;
  std::vector<std::string> classes_;
};

/// A stream of a dataset as the loop sees it.
class StreamBatches final : public train::Batches {
 public:
  StreamBatches(std::shared_ptr<const data::Dataset> dataset, const data::StreamOptions& options);
  nn::Batch batch(int64_t index) override { return stream_->batch(index); }
  int64_t per_epoch() const override { return stream_->steps_per_epoch(); }
  std::string describe(int64_t index) override { return dataset_->describe(*stream_, index); }

 private:
  std::shared_ptr<const data::Dataset> dataset_;
  std::unique_ptr<data::Stream> stream_;
};

/// Everything of a dataset once, for evaluation.
train::Evaluation evaluation_of(const data::Dataset& dataset, int64_t rows);

/// The kind of network of the task, unless the recipe names another that answers it.
std::string model_kind(const Recipe& recipe, const data::Encoding& encoding);

/// A fresh model for the data. InputError where the graph is edges of the data, and the data has
/// none.
std::shared_ptr<models::Model> make_model(const Recipe& recipe, const data::Encoding& encoding);

int64_t count_parameters(const torch::nn::Module& model);
/// Those of the projections, graphs and folds of all layers; W_o is not among them.
int64_t count_attention_parameters(const torch::nn::Module& model);
/// Bytes that generation keeps of a token, after the longest input of the model (at most 1,024
/// tokens): what a window or a recurrent state takes is spread over them. -1: no language model.
double cache_bytes(models::Model& model, int64_t max_length);
/// Whether text can be generated with these phrases: edges are made for whole sequences.
bool can_generate(const std::vector<attention::Phrase>& phrases);

/// A trained run, read from its folder: recipe, encoding, and the weights of its best checkpoint.
struct TrainedRun {
  Recipe recipe;
  data::Encoding encoding;
  std::shared_ptr<models::Model> model;  // in evaluation mode, on `device`
  torch::Device device = torch::kCPU;
  std::filesystem::path checkpoint;
};

/// InputError when the folder holds no finished training. `device` as in a recipe; "" takes that of
/// the run.
TrainedRun open_run(const std::filesystem::path& folder, const std::string& device = "");
/// InputError of `who` unless `regard <command>` (predict, generate, fill or translate) answers the
/// task of the run; it names the command that does.
void check_command(const TrainedRun& run, const std::string& who, const std::string& command);

}  // namespace regard::lab
