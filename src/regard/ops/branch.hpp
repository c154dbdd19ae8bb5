// What a part of a block adds to the residual stream, its last bias still apart: the residual sum takes it along.
#pragma once

#include <torch/types.h>

namespace regard::ops {

/// value + bias; bias (H) undefined: it is in the value.
struct Branch {
  torch::Tensor value, bias;

  bool defined() const { return value.defined(); }
  torch::Tensor sum() const {
    return bias.defined() ? value + bias.to(value.scalar_type()) : value;
  }
};

}  // namespace regard::ops
