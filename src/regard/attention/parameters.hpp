// Parameters as names with shapes and start values, and the one module that holds them. A part of
// an attention (projection, fold) names what it needs and computes with tensors that it is given.
#pragma once

#include <torch/nn/module.h>

#include <string>
#include <vector>

namespace regard::attention {

/// How a fresh parameter starts. kModel: as the model's rule has it, normal numbers for matrices
/// and zeros for vectors. kIdentity: of the last two axes.
enum class Start { kModel, kZeros, kOnes, kIdentity };

struct ParameterSpec {
  std::string name;  // "qkv.weight": a dot makes a module of its own
  std::vector<int64_t> shape;
  Start start = Start::kModel;
};

/// Tensors in the order of the specs.
using Parameters = std::vector<torch::Tensor>;

int64_t count_parameters(const std::vector<ParameterSpec>& specs);

class ParameterModule : public torch::nn::Module {
 public:
  /// Matrices start uniform in +-1/sqrt(inputs), as a fresh Linear of PyTorch, until a model's rule
  /// fills them.
  explicit ParameterModule(std::vector<ParameterSpec> specs);

  const Parameters& values() const { return values_; }
  /// The constant start values once more, after a model's rule has filled all parameters.
  void start_constants();

 private:
  std::vector<ParameterSpec> specs_;
  Parameters values_;
};

}  // namespace regard::attention
