// One training step: micro-batches, clipping, AdamW, averaged weights.
//
// What run() does is device work whose host values never change, with its inputs in tensors of
// fixed address (rate, counters): a CUDA graph can capture it. prepare() fills these inputs and
// does not wait.
#pragma once

#include <torch/types.h>

#include <memory>
#include <optional>
#include <vector>

#include "regard/attention/context.hpp"
#include "regard/ops/block/weight_plan.hpp"
#include "regard/train/ema.hpp"
#include "regard/train/learner.hpp"
#include "regard/train/meters.hpp"
#include "regard/train/optimizer.hpp"

namespace regard::train {

class TrainStep {
 public:
  /// `steps` is the length of the run, for scalars of the step; 0 where a time ends it.
  TrainStep(Learner& learner, const Spec& spec, int64_t seed, int64_t steps = 0);

  /// Sets what step `step` (from 0) reads: learning rate, counters of random numbers, share of the
  /// EMA, and the learner's own scalars.
  void prepare(int64_t step, double lr);

  /// `accumulate` batches, whose mean losses count alike.
  void run(const std::vector<nn::Batch>& micro_batches);

  StepMeter& meter() { return meter_; }
  Ema* ema() { return ema_ ? &*ema_ : nullptr; }
  torch::Device device() const { return device_; }

  /// The two halves of one micro-batch, without an update; the gradients stay in the parameters.
  nn::Loss forward(const nn::Batch& batch);
  void backward(const torch::Tensor& loss);
  AdamW& optimizer() { return optimizer_; }

  /// model.* (parameters, then buffers), optimizer.*, ema.*
  NamedTensors state() const;
  void load(const std::map<std::string, torch::Tensor>& tensors);

 private:
  Learner& learner_;
  NamedTensors parameters_, buffers_;
  torch::Device device_;
  AdamW optimizer_;
  std::optional<Ema> ema_;
  StepMeter meter_;
  ops::WeightPlan weights_;
  attention::RandomContext
      random_;  // its step counts micro-batches, so that each draws its own numbers
  std::vector<attention::StepScalar> changing_;
  attention::NamedScalars scalars_;  // their values on the device, in the same order
  int64_t steps_;
  torch::Tensor lr_, step_, ema_share_, root_;
  double clip_;
  int64_t accumulate_;
  bool bf16_;
};

}  // namespace regard::train
