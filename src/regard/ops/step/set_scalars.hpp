// Host values into scalars of a device.
#pragma once

#include <torch/types.h>

#include <utility>
#include <vector>

namespace regard::ops {

/// Each tensor () gets its value; at most 8 scalars of a GPU, float or int64, together take one
/// launch. An int64 is exact up to 2^53.
void set_scalars(const std::vector<std::pair<torch::Tensor, double>>& scalars);

}  // namespace regard::ops
