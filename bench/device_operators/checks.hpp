// What the checks of bench_device_operators share: one line for each, and how many failed.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

namespace regard::bench {

using Tensors = std::vector<torch::Tensor>;

struct Tally {
  int checks = 0, failed = 0;
};

/// Prints a check, which failed when `error` is beyond `limit` or not a number, and counts it.
void report(const std::string& what, double error, double limit);
Tally tally();

/// |came - expected| / |expected|, or |came| where the expected is 0. `expected` is float64 on the
/// CPU.
double distance(const torch::Tensor& came, const torch::Tensor& expected);

/// The worst of the distances, NaN if one is.
double worst_distance(const Tensors& came, const Tensors& expected);

/// What the roundings of a type allow.
double limit_of(torch::ScalarType type);

/// Fewer number types, rows and steps from now on: every kernel still runs, and a checker that is a
/// thousand times slower ends.
void make_brief();
bool brief();

/// fp32, fp16 and bf16; briefly fp32 and bf16, since fp16 runs the code of bf16.
std::vector<torch::ScalarType> types();

/// Values and gradients of <g_i, out_i> by `device` (inputs of `type`) against `exact` (the same,
/// in float64).
void compare(const std::string& what, torch::Device device, torch::ScalarType type,
             const Tensors& inputs, const std::function<Tensors(const Tensors&)>& fast,
             const std::function<Tensors(const Tensors&)>& exact);

/// Residual sum, dropout and norm; the same behind an embedding.
void check_norms(torch::Device device);
void check_embedded_norms(torch::Device device);

/// 100 training steps that the device records and replays against 100 that run as they are: equal
/// bit for bit.
void check_recorded_steps(torch::Device device);

/// Casts and changes of basis of all weights in one launch against one by one: equal bit for bit.
void check_weights(torch::Device device);

/// Products by a tried algorithm against PyTorch's: equal bit for bit.
void check_products(torch::Device device);

/// Rotary positions alone, in every form of the kernel, and in whole attentions, in value and
/// gradient.
void check_rotary(torch::Device device);

/// Projection with binding and the passes of holographic attention after it, in value and gradient.
void check_bind(torch::Device device);

/// The last product of a branch with the residual sum and the norm after it, in value and gradient.
void check_product_norm(torch::Device device);

}  // namespace regard::bench
