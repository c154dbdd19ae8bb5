// What a part of a block adds to the residual stream, its last bias still apart: the residual sum
// takes it along. So it may the product that the part ends with.
#pragma once

#include <torch/types.h>

#include <memory>
#include <utility>

namespace regard::ops {

/// A product x W^T that is made when somebody needs it. x (.., K) is of the type of the product,
/// weight (M, K) of any.
struct WaitingProduct {
  torch::Tensor x, weight;
};

/// value + bias; bias (M) undefined: it is in the value.
class Branch {
 public:
  Branch() = default;
  Branch(torch::Tensor value, torch::Tensor bias = {})
      : bias(std::move(bias)), value_(std::move(value)) {}
  Branch(WaitingProduct product, torch::Tensor bias);

  bool defined() const { return value_.defined() || waiting_; }
  torch::ScalarType scalar_type() const;
  /// A waiting product is made by the first call, for all copies of the branch, as part of the
  /// graph where the branch began.
  torch::Tensor value() const;
  torch::Tensor sum() const {
    const auto out = value();
    return bias.defined() ? out + bias.to(out.scalar_type()) : out;
  }
  /// The product, while it waits and autograd sees what it saw where the branch began; else null.
  const WaitingProduct* waiting() const;

  torch::Tensor bias;

 private:
  struct Waiting {
    WaitingProduct product;
    bool tracked;
    torch::Tensor made;
  };
  torch::Tensor value_;
  std::shared_ptr<Waiting> waiting_;
};

}  // namespace regard::ops
