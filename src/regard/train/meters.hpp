// What a run measures: loss and gradient norm on the device, peak memory of the process or the GPU.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "regard/attention/context.hpp"
#include "regard/ops/step/adamw.hpp"

namespace regard::train {

/// The name of the main loss among the parts of a loss.
inline constexpr const char* kMainLoss = "main";

/// Keeps loss and gradient norm of the last steps on the device, and notices the first step at
/// which one was not finite. Writing does not wait for the device; read() does.
class StepMeter {
 public:
  /// Room for `capacity` steps between two reads.
  StepMeter(int64_t capacity, torch::Device device);

  /// Notes one step; `step` is an int64 scalar on the device, the others are float scalars there.
  void note(const torch::Tensor& step, const torch::Tensor& loss, const torch::Tensor& norm);

  /// Notes the parts of the loss of one step, where it has several. RunError when their names are
  /// others than in the first step, since a recorded step could not follow.
  void note_parts(const torch::Tensor& step, const attention::NamedScalars& parts);

  /// What ops::finish_step needs to note a step itself; its learning rate and count of updates are
  /// left open.
  ops::StepRecord record(const torch::Tensor& step, const torch::Tensor& loss) const;

  /// 1 from the first bad step on, else 0: updates are skipped with it, so that the weights stay as
  /// they were when the step went bad.
  const torch::Tensor& bad() const { return bad_; }

  struct Reading {
    double loss = 0;        // mean over the steps since the last read that were not bad
    double norm = 0;        // likewise
    int64_t steps = 0;      // how many these are
    int64_t bad_step = -1;  // the first bad step, or -1
    std::vector<std::pair<std::string, double>>
        parts;  // means likewise; none for a main loss alone
  };
  /// What was noted for the steps `first` to `last`, both included; at most `capacity` of them.
  Reading read(int64_t first, int64_t last) const;

 private:
  int64_t capacity_;
  torch::Tensor ring_;              // (capacity, 2) float: loss, norm
  std::vector<std::string> names_;  // of the parts
  torch::Tensor parts_;             // (capacity, parts) float
  torch::Tensor bad_;               // () float
  torch::Tensor bad_step_;          // () int64
};

/// Bytes at the peak: memory of the process on the CPU (VmHWM), memory allocated on a GPU.
int64_t peak_memory(torch::Device device);

}  // namespace regard::train
