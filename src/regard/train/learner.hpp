// What the loop trains, and what it is fed. The loop knows no model and no attention.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "regard/metrics/predictions.hpp"
#include "regard/nn/batch.hpp"
#include "regard/nn/loss.hpp"
#include "regard/train/safetensors.hpp"

namespace regard::train {

class Learner {
 public:
  virtual ~Learner() = default;
  /// All parameters with their full names, in an order that never changes, all on one device.
  virtual NamedTensors parameters() = 0;
  /// State that no gradient changes and a checkpoint keeps, such as a moving baseline; as
  /// parameters().
  virtual NamedTensors buffers() { return {}; }
  /// Scalars that change with the step; `attention::step_scalar` finds them inside of loss().
  virtual std::vector<attention::StepScalar> step_scalars() { return {}; }
  /// The losses of a batch, scalars with gradient, as in training (dropout on). Inside a step: no
  /// copy to the host, no `.item()`. The names of auxiliary losses are the same in every step.
  virtual nn::Loss loss(const nn::Batch& batch) = 0;
  /// {sum of losses, number right, number of targets}, float64 on the device, as in evaluation. A
  /// classifier goes on with the sums of each logit and then of each logit squared, over the
  /// examples.
  /// Beside them the predictions, where metrics() has more than loss and accuracy.
  virtual nn::BatchScore score(const nn::Batch& batch) = 0;
  /// What an evaluation measures.
  virtual std::vector<metrics::Metric> metrics() const {
    return {{"loss", false, false}, {"accuracy"}};
  }
  /// What else was seen in an evaluation, by name; asked once behind it. It decides nothing.
  virtual std::map<std::string, double> seen() { return {}; }
  /// The values of metrics() but "loss" and "accuracy", in their order.
  virtual std::vector<double> scores(const metrics::Predictions&) const { return {}; }
};

/// Training batches; a pure function of the index, so that a run can be resumed at any.
class Batches {
 public:
  virtual ~Batches() = default;
  virtual nn::Batch batch(int64_t index) = 0;
  /// Batches of one pass over the data; 0 when there is no such number.
  virtual int64_t per_epoch() const { return 0; }
  /// Where a batch comes from, for an error ("rows 12, 40, 7 of reviews.tsv").
  virtual std::string describe(int64_t index) { return "batch " + std::to_string(index); }
};

/// Validation data: batch(0) to batch(count - 1).
struct Evaluation {
  std::function<nn::Batch(int64_t)> batch;
  int64_t count = 0;
};

/// Means over all targets of an evaluation.
struct Score {
  double loss = 0;
  double accuracy = 0;
  int64_t count = 0;
  /// Standard deviation over the examples of the logit that varies most; NaN where no logits are
  /// told, and for one example.
  double logit_deviation = std::numeric_limits<double>::quiet_NaN();
  std::map<std::string, double>
      others;  // metrics but loss and accuracy, and what was seen, by name

  /// InputError for a metric that was not measured.
  double of(const std::string& metric) const;
};

/// Logits that hardly vary: the model answers every example alike, so that its accuracy says
/// nothing about its layers. At a thousandth, probabilities differ by less than that. False for
/// NaN.
inline bool same_answer(double logit_deviation) { return logit_deviation < 1e-3; }

/// Scores all batches without gradient. `stop`, asked between batches, may end it early: count is
/// then -1.
/// InputError without any target, RunError for a loss that is not finite.
Score evaluate(Learner& learner, const Evaluation& data, const std::function<bool()>& stop = {});

/// The weights of a checkpoint (its averaged ones where it has them) and its buffers into a
/// learner.
void load_weights(const std::filesystem::path& checkpoint, Learner& learner);

}  // namespace regard::train
