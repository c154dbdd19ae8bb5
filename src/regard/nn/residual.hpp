// The residual stream between two parts of a model: what was last added waits, so that the sum, its dropout and the
// norm after it become one operator where the device has it (ops/add_norm.hpp).
#pragma once

#include <torch/types.h>

#include "regard/nn/layers.hpp"

namespace regard::nn {

class Residual {
 public:
  Residual(torch::Tensor x, double dropout, bool training)
      : x_(std::move(x)), dropout_(training ? dropout : 0.0) {}

  /// x <- x + dropout(branch), with the random numbers of `site`.
  void add(ops::Branch branch, int64_t site);
  /// norm(x); x stays as it is.
  torch::Tensor norm(Norm& norm);
  /// norm(x) averaged over the first lengths[b] tokens, (B, H) (ops/add_norm_mean.hpp); x stays as it is.
  torch::Tensor norm_mean(Norm& norm, const torch::Tensor& lengths) const;
  /// x <- norm(x)
  void replace_by(Norm& norm);
  /// x itself.
  torch::Tensor sum();

 private:
  ops::DropoutKey key() const;

  torch::Tensor x_;
  ops::Branch branch_;
  double dropout_;
  int64_t site_ = 0;
};

}  // namespace regard::nn
