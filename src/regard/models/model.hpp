// What lab asks of a model, whatever it is: a loss, a score, class or token probabilities, maps to
// look at.
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
  std::string head_activation = "gelu";
  bool tie = true;
  double label_smoothing = 0;
  /// Of the table [attention], for a model of two sequences: phrases, "" as the encoder's; cross
  /// may be "none".
  std::string decoder, cross;
  std::string from;

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
  std::string part;          // "encoder", "decoder", "cross"; "" where a model has one trunk
};

class Model : public torch::nn::Module {
 public:
  /// The mean loss in nats over the targets of a batch, with the auxiliary losses that graphs and
  /// folds add on the way. Where one of these waits for the loss of each example, it is given it,
  /// one for each row.
  nn::Loss loss(const nn::Batch& batch, nn::Detail detail = nn::Detail::kMean);
  /// {sum of losses, number right, number of targets}, float64; of a classifier then the sums of
  /// each logit and of each logit squared. Beside them the likeliest class of each target, where a
  /// task asks for it.
  virtual nn::BatchScore score(const nn::Batch& batch) = 0;
  /// Unnormalised log-probabilities: (B, classes), or (B, T, classes or vocabulary).
  torch::Tensor logits(const nn::Batch& batch);
  virtual nn::Trunk& trunk() = 0;

  /// The attention weights of every layer for the first example of a batch.
  virtual std::vector<LayerMap> maps(const nn::Batch& batch);

 protected:
  virtual torch::Tensor compute(const nn::Batch& batch) = 0;
  /// Of `logits`: the mean over all targets, and (examples) the mean over the targets of each.
  virtual torch::Tensor mean_loss(const torch::Tensor& logits, const nn::Batch& batch) = 0;
  virtual torch::Tensor example_losses(const torch::Tensor& logits, const nn::Batch& batch) = 0;
};

/// A trunk that sees both sides, as the model and its data want it.
nn::TrunkOptions trunk_options(const ModelSpec& spec, const ModelShape& shape,
                               const std::vector<attention::Phrase>& phrases);

/// The first example of a batch, without padding.
nn::Batch first_example(const nn::Batch& batch);

/// `losses` (B T), 0 where there is no target, of `targets` (B, T) -> the mean of each row (B); 0
/// without a target.
torch::Tensor mean_over_rows(const torch::Tensor& losses, const torch::Tensor& targets);

/// Makes a model of one of `model_kinds()`; fresh weights keyed by the seed.
std::shared_ptr<Model> make_model(const ModelSpec& spec, const ModelShape& shape,
                                  const std::vector<attention::Phrase>& phrases, uint64_t seed);

/// Whether a position sees those behind it; a causal model refuses attention without a causal
/// meaning.
enum class Direction { kBoth, kCausal };

/// A kind of network. Each file in models/kinds defines kinds::make_<name>(), which returns its
/// kind.
struct ModelKind {
  using Make = std::shared_ptr<Model> (*)(const ModelSpec&, const ModelShape&,
                                          const std::vector<attention::Phrase>&, uint64_t seed);
  std::string name, summary;
  std::string task;  // that it answers
  Direction direction = Direction::kBoth;
  Make make = nullptr;
};

template <class M>
ModelKind kind_of(const std::string& summary, const std::string& task,
                  Direction direction = Direction::kBoth) {
  return {
      "", summary, task, direction,
      [](const ModelSpec& spec, const ModelShape& shape,
         const std::vector<attention::Phrase>& phrases, uint64_t seed) -> std::shared_ptr<Model> {
        return std::make_shared<M>(spec, shape, phrases, seed);
      }};
}

/// Every kind, by name.
const std::vector<ModelKind>& model_kinds();
/// InputError with the nearest name for an unknown one.
const ModelKind& find_model_kind(const std::string& name);
inline bool is_causal(const std::string& kind) {
  return find_model_kind(kind).direction == Direction::kCausal;
}

/// The files in models/kinds; the definition is written by CMake.
const std::vector<std::pair<std::string, ModelKind (*)()>>& model_entries();

}  // namespace regard::models
