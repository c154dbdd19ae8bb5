// Where a part of a training step runs, and in which types: what `regard explain` knows as well as
// a call with data.
#pragma once

#include <torch/types.h>

#include "regard/ops/support.hpp"

namespace regard::ops {

inline constexpr char kNoCuda[] = "this build has no CUDA kernels (preset cuda)";

struct Place {
  torch::DeviceType device = torch::kCPU;
  torch::ScalarType stream = torch::kFloat;   // of the residual stream
  torch::ScalarType product = torch::kFloat;  // of products with weights: under autocast its type
};

/// Where and in which types a tensor of the residual stream is worked on.
Place place_of(const torch::Tensor& x);

/// A CUDA kernel of this build can run here.
Support on_gpu(torch::DeviceType device);
/// The products with weights are of 16 bits on a GPU.
Support half_on_gpu(const Place& place);
/// The same on a GPU with warp-group products.
Support half_on_hopper(const Place& place);

}  // namespace regard::ops
