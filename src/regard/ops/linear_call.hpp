// What the operators with weights ask of where they run: the type of their products, and weights in it. Inside ops.
#pragma once

#include "regard/ops/cuda.hpp"
#include "regard/ops/weight_plan.hpp"

#ifdef REGARD_CUDA
#include <ATen/autocast_mode.h>
#include <ATen/ops/mm.h>

namespace regard::ops {

/// The type that a product has here.
inline torch::ScalarType product_type(const torch::Tensor& x) {
  return at::autocast::is_autocast_enabled(torch::kCUDA)
             ? at::autocast::get_autocast_dtype(torch::kCUDA)
             : x.scalar_type();
}

inline bool half_on_gpu(const torch::Tensor& x) {
  if (!x.is_cuda()) return false;
  const auto type = product_type(x);
  return type == torch::kBFloat16 || type == torch::kHalf;
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

#endif
