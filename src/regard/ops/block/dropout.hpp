// Dropout whose numbers are a function of (seed, step, site, element): the same in every run,
// thread count and replay.
#pragma once

#include <torch/types.h>

namespace regard::ops {

struct DropoutKey {
  int64_t seed = 0;
  torch::Tensor step;  // int64 scalar on the device of x
  int64_t site = 0;    // which dropout of the model
};

/// y = x * keep / (1 - p), where keep is Bernoulli(1 - p).
torch::Tensor dropout(const torch::Tensor& x, double p, const DropoutKey& key);

}  // namespace regard::ops
