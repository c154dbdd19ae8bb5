// What a step tells every layer, and what a layer tells the step, without passing through every
// signature:
// the counter of random numbers, scalars that change with the step, and auxiliary losses.
//
// All of it belongs to the calling thread and to the innermost scope.
#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "regard/attention/edges.hpp"

namespace regard::attention {

/// Keys dropout by (seed, step, site): the same numbers with graph capture, recomputation and any
/// thread count. `step` is an int64 scalar on the device of the model, so that a captured step can
/// advance it.
struct RandomContext {
  int64_t seed = 0;
  torch::Tensor step;
};

/// Makes `context` the one that dropout of this thread reads, until the scope ends.
class RandomScope {
 public:
  explicit RandomScope(const RandomContext& context);
  ~RandomScope();
  RandomScope(const RandomScope&) = delete;
  RandomScope& operator=(const RandomScope&) = delete;

 private:
  const RandomContext* before_;
};

/// The context in force, or nullptr.
const RandomContext* random_context();

/// Tensors by name, in the order in which the names came first.
using NamedScalars = std::vector<std::pair<std::string, torch::Tensor>>;

/// A loss that waits for the loss of each example: it is given these (rows of the batch), without
/// gradient, and returns a scalar. For policy gradients.
using FeedbackLoss = std::function<torch::Tensor(const torch::Tensor& losses)>;

/// Collects what `add_loss` is given in this thread, until the scope ends. An inner scope hides the
/// outer.
class LossScope {
 public:
  LossScope();
  ~LossScope();
  LossScope(const LossScope&) = delete;
  LossScope& operator=(const LossScope&) = delete;

  /// Whether a loss waits for the loss of each example.
  bool wants_feedback() const { return !waiting_.empty(); }
  /// Gives the waiting losses the loss of each example, (rows), and adds what they return.
  void give_feedback(const torch::Tensor& losses);
  /// The sum for each name so far. RunError where a loss still waits.
  const NamedScalars& losses() const;

 private:
  friend void add_loss(const std::string& name, const torch::Tensor& loss);
  friend void add_loss(const std::string& name, FeedbackLoss loss);
  void add(const std::string& name, const torch::Tensor& loss);

  NamedScalars losses_;
  std::vector<std::pair<std::string, FeedbackLoss>> waiting_;
  LossScope* before_;
};

/// Whether a scope collects losses: for losses that cost something and that nobody else needs.
bool collects_losses();

/// Adds a named auxiliary loss, a scalar that is a mean over valid examples and is weighed already;
/// several of one name are summed. Nothing is kept without a LossScope. RunError for a tensor that
/// is no scalar.
void add_loss(const std::string& name, const torch::Tensor& loss);
/// The same, once the loss of each example is known.
void add_loss(const std::string& name, FeedbackLoss loss);

/// A scalar that changes with the step: its value at `step` (from 0) of a run of `steps`, which is
/// 0 where a time ends the run.
struct StepScalar {
  std::string name;
  std::function<double(int64_t step, int64_t steps)> value;
};

/// A module that reads scalars of the step derives from this and names them. Two modules that name
/// the same scalar share the first one's.
class ReadsStepScalars {
 public:
  virtual ~ReadsStepScalars() = default;
  virtual std::vector<StepScalar> step_scalars() const = 0;
};

/// Makes `scalars` the ones that `step_scalar` finds, until the scope ends; they outlive it.
class ScalarScope {
 public:
  explicit ScalarScope(const NamedScalars& scalars);
  ~ScalarScope();
  ScalarScope(const ScalarScope&) = delete;
  ScalarScope& operator=(const ScalarScope&) = delete;

 private:
  const NamedScalars* before_;
};

/// A scalar on the device of the model that changes with the step, such as a temperature; a
/// recorded step reads its present value. nullptr where no scope has one of this name, as in
/// evaluation.
const torch::Tensor* step_scalar(const std::string& name);

/// What a batch tells every layer: the edges that it brings. One layer may also leave edges there
/// for those behind it.
class BatchScope {
 public:
  explicit BatchScope(EdgeTensors edges);
  ~BatchScope();
  BatchScope(const BatchScope&) = delete;
  BatchScope& operator=(const BatchScope&) = delete;

 private:
  friend const EdgeTensors& batch_edges();
  friend EdgeTensors* edges_left(const std::string& name);

  EdgeTensors edges_;
  std::map<std::string, EdgeTensors> left_;
  BatchScope* before_;
};

/// The edges of the innermost scope; undefined without one.
const EdgeTensors& batch_edges();
/// What layers of this batch leave for each other under `name`; nullptr without a scope.
EdgeTensors* edges_left(const std::string& name);

/// What graphs did in this thread since it was last taken: for the table, the report and for
/// people.
struct EdgeCounts {
  bool timed = false;  // asked for by who measures: `seconds` is counted
  double seconds = 0;  // that predictors took forward, with their losses
  double edges =
      0;  // kept, over the queries that are no padding; all layers that choose, all heads
  double queries = 0;             // of these layers and heads
  double found = 0, planted = 0;  // edges that the batch brings, and how many of them were kept
};
EdgeCounts& edge_counts();
EdgeCounts take_edge_counts();

}  // namespace regard::attention
