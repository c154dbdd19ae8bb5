// AdamW (Loshchilov, Hutter, ICLR 2019) on a list of parameters, without a host scalar in a step.
//
//   g <- g / divisor;   m <- b1 m + (1 - b1) g;   v <- b2 v + (1 - b2) g^2
//   w <- w - lr decay w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
//
// With l2 > 0 the gradient of a parameter that decays is g / divisor + l2 w, as Adam with L2
// regularisation has it.
#pragma once

#include <torch/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "regard/ops/adamw.hpp"
#include "regard/train/safetensors.hpp"
#include "regard/train/spec.hpp"

namespace regard::train {

/// The Euclidean norm of all gradients together, a float scalar on their device. On the CPU the sum
/// has a fixed order, whatever the number of threads.
torch::Tensor gradient_norm(const std::vector<torch::Tensor>& gradients);

class AdamW {
 public:
  /// Parameters that need no gradient are left out. All are on one device.
  AdamW(const NamedTensors& parameters, const Spec& spec);

  /// The gradients that the last backward pass left; a parameter without one is not in the list.
  std::vector<torch::Tensor> gradients() const;
  /// Drops the gradients, so that the next backward pass need not add to them.
  void clear_gradients();

  /// One update; `lr`, `divisor`, `skip` are float scalars on the device. With skip = 1 nothing changes.
  void step(const torch::Tensor& lr, const torch::Tensor& divisor, const torch::Tensor& skip);

  /// Norm, record, clipping and update at once, where ops::finish_step can; else false, and nothing was done.
  bool finish_step(const torch::Tensor& lr, double clip, ops::StepRecord record);

  const std::vector<torch::Tensor>& parameters() const { return parameters_; }

  /// "optimizer.step", "optimizer.exp_avg.<parameter>", "optimizer.exp_avg_sq.<parameter>".
  NamedTensors state() const;
  void load(const std::map<std::string, torch::Tensor>& tensors);

 private:
  /// Those with a gradient, of both kinds of decay or of one.
  ops::AdamWTensors tensors(std::optional<bool> decays = std::nullopt) const;

  std::vector<std::string> names_;
  std::vector<torch::Tensor> parameters_, exp_avg_, exp_avg_sq_;
  std::vector<bool> decays_;
  torch::Tensor step_;  // updates done, float: the fused kernel wants it so; exact up to 2^24
  double beta1_, beta2_, eps_, weight_decay_, l2_;
};

}  // namespace regard::train
