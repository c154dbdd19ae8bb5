// The encoder classifier of a training step written with plain calls of PyTorch, as a user of eager
// PyTorch writes it: the peer of our step, and in float64 its reference.
#pragma once

#include <torch/types.h>

#include <map>
#include <string>

#include "regard/lab/bench/forms.hpp"
#include "regard/lab/bench/shape.hpp"
#include "regard/nn/batch.hpp"
#include "regard/train/safetensors.hpp"

namespace regard::lab {

/// Weights by the names of our model, so that both start alike and have as many parameters.
class PlainModel {
 public:
  /// Copies the parameters to `dtype`.
  PlainModel(const train::NamedTensors& parameters, BenchShape shape, BenchForm form,
             torch::ScalarType dtype = torch::kFloat);

  torch::Tensor loss(const nn::Batch& batch) const;
  const std::vector<torch::Tensor>& parameters() const { return parameters_; }

 private:
  torch::Tensor linear(const torch::Tensor& x, const std::string& name) const;
  torch::Tensor norm(const torch::Tensor& x, const std::string& name) const;
  torch::Tensor attention(const torch::Tensor& x, const std::string& name) const;
  const torch::Tensor& at(const std::string& name) const;

  BenchShape shape_;
  BenchForm form_;
  attention::Phrase phrase_;
  std::map<std::string, torch::Tensor> by_name_;
  std::vector<torch::Tensor> parameters_;
};

/// Forward, loss, backward, clipping to norm 1, fused AdamW: what torch.optim.AdamW(fused=True) and
/// torch.nn.utils.clip_grad_norm_ do.
class PlainStep {
 public:
  PlainStep(PlainModel model, bool bf16);
  void run(const nn::Batch& batch);

 private:
  PlainModel model_;
  bool bf16_;
  std::vector<torch::Tensor> exp_avg_, exp_avg_sq_, steps_;
};

}  // namespace regard::lab
