// An undefined tensor is no variable for autograd, an optional one is.
#pragma once

#include <torch/types.h>

#include <optional>

namespace regard::ops {

using MaybeTensor = std::optional<torch::Tensor>;

inline MaybeTensor maybe(const torch::Tensor& x) {
  return x.defined() ? MaybeTensor(x) : std::nullopt;
}

}  // namespace regard::ops
