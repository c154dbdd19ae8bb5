// torch.ops.regard.particle_velocity(x, weights, beta, model) -> v
//
//   x (n, d) rows of length 1, weights (n) or None (equal), beta >= 0, model "sa" or "usa" -> v (n,
//   d)
//   v_i = P sum_j w_j e^{beta (<x_i, x_j> - 1)} x_j / Z_i (sa: Z_i the sum of these weights; usa:
//   Z_i = 1)
//
// weights are scaled to sum 1. fp32 and fp64 on a CPU run in one fused pass; everything else, and
// calls that need a gradient, as plain tensor operations in O(n^2) memory.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string>

namespace regard::ops {

torch::Tensor particle_velocity(const torch::Tensor& x, const std::optional<torch::Tensor>& weights,
                                double beta, const std::string& model);

/// The plain form, differentiable in x and weights: what the kernel is tested against.
torch::Tensor plain_particle_velocity(const torch::Tensor& x, const torch::Tensor& mass,
                                      double beta, bool normalised);

}  // namespace regard::ops
