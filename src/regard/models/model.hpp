// What lab asks of a model, whatever it is: a loss, a score, class or token probabilities, maps to look at.
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "regard/nn/batch.hpp"
#include "regard/nn/loss.hpp"
#include "regard/nn/trunk.hpp"

namespace regard::models {

/// The table [model] of a recipe.
struct ModelSpec {
  std::string kind;  // "" : from the data
  nn::TrunkSpec trunk;
  std::string pooling = "mean";
  int64_t head_hidden = 0;
  bool tie = true;
  double label_smoothing = 0;

  void visit(Visitor& f);
};

/// What the data decides.
struct ModelShape {
  nn::InputSpec input;
  int64_t classes = 0;
  int64_t max_length = 0;
};

struct LayerMap {
  int64_t layer = 0;
  attention::WeightMap map;  // of one example
};

class Model : public torch::nn::Module {
 public:
  /// The mean loss in nats over the targets of a batch, with the auxiliary losses that graphs and folds add
  /// on the way. Where one of these waits for the loss of each example, it is given it, one for each row.
  nn::Loss loss(const nn::Batch& batch, nn::Detail detail = nn::Detail::kMean);
  /// {sum of losses, number right, number of targets}, float64; of a classifier then the sums of each
  /// logit and of each logit squared.
  virtual torch::Tensor score(const nn::Batch& batch) = 0;
  /// Unnormalised log-probabilities: (B, classes), or (B, T, vocabulary).
  virtual torch::Tensor logits(const nn::Batch& batch) = 0;
  virtual nn::Trunk& trunk() = 0;

  /// The attention weights of every layer for the first example of a batch.
  std::vector<LayerMap> maps(const nn::Batch& batch);

 protected:
  /// Of `logits`: the mean over all targets, and (examples) the mean over the targets of each.
  virtual torch::Tensor mean_loss(const torch::Tensor& logits, const nn::Batch& batch) = 0;
  virtual torch::Tensor example_losses(const torch::Tensor& logits, const nn::Batch& batch) = 0;
};

/// `losses` (B T), 0 where there is no target, of `targets` (B, T) -> the mean of each row (B); 0 without a target.
torch::Tensor mean_over_rows(const torch::Tensor& losses, const torch::Tensor& targets);

/// Makes a model of one of `model_kinds()`; fresh weights keyed by the seed.
std::shared_ptr<Model> make_model(const ModelSpec& spec, const ModelShape& shape,
                                  const std::vector<attention::Phrase>& phrases, uint64_t seed);

struct ModelKind {
  std::string name, summary;
};
const std::vector<ModelKind>& model_kinds();

}  // namespace regard::models
