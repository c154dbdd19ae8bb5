// The residual stream between two parts of a model: what was last added waits, so that the sum, its
// dropout and the norm after it become one operator where the device has it (ops/add_norm.hpp). So
// does an embedding, of which a stream may begin (ops/embed_norm.hpp).
#pragma once

#include <torch/types.h>

#include <optional>

#include "regard/nn/layers.hpp"
#include "regard/ops/block/embed_norm.hpp"

namespace regard::nn {

class Residual {
 public:
  Residual(torch::Tensor x, double dropout, bool training)
      : x_(std::move(x)), dropout_(training ? dropout : 0.0) {}
  /// x = dropout(embed(embedded)), with the random numbers of site 0.
  Residual(ops::Embedded embedded, double dropout, bool training)
      : embedded_(std::move(embedded)), dropout_(training ? dropout : 0.0) {}

  /// x <- x + dropout(branch), with the random numbers of `site`.
  void add(ops::Branch branch, int64_t site);
  /// norm(x); x stays as it is.
  torch::Tensor norm(Norm& norm);
  /// norm(x) averaged over the first lengths[b] tokens, (B, H) (ops/add_norm_mean.hpp); x stays as
  /// it is.
  torch::Tensor norm_mean(Norm& norm, const torch::Tensor& lengths);
  /// x <- norm(x)
  void replace_by(Norm& norm);
  /// x itself.
  torch::Tensor sum();

 private:
  ops::DropoutKey key() const;
  /// x without the branch.
  torch::Tensor base();

  torch::Tensor x_;
  std::optional<ops::Embedded> embedded_;  // x is still to be made of it
  ops::Branch branch_;
  double dropout_;
  int64_t site_ = 0;
};

}  // namespace regard::nn
