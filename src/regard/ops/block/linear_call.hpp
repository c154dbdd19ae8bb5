// What the operators with weights ask of where they run: the type of their products, and weights in
// it. Inside ops.
#pragma once

#include "regard/ops/block/weight_plan.hpp"
#include "regard/ops/cuda.hpp"
#include "regard/ops/place.hpp"

#include <ATen/ops/mm.h>

namespace regard::ops {

/// The type that a product has here.
inline torch::ScalarType product_type(const torch::Tensor& x) { return place_of(x).product; }

inline bool half_on_gpu(const torch::Tensor& x) {
  return x.is_cuda() && half_on_gpu(place_of(x)).ok;
}

inline torch::Tensor cast_weight(const torch::Tensor& weight, torch::ScalarType type) {
  if (weight.scalar_type() == type) return weight;
  const torch::Tensor none;
  if (const auto ready = ready_weight({weight, none, none, true, type})) return ready->weight;
  return weight.to(type);
}

/// dy^T x; sums over tokens leave the product in fp32 where the weights are.
inline torch::Tensor weight_gradient(const torch::Tensor& dy, const torch::Tensor& x,
                                     torch::ScalarType weight) {
  return weight == torch::kFloat ? at::mm(dy.t(), x, torch::kFloat) : at::mm(dy.t(), x);
}

}  // namespace regard::ops
