// What the checks of bench_device_operators share: one line for each, and how many failed.
#pragma once

#include <torch/types.h>

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

/// |came - expected| / |expected|, or |came| where the expected is 0. `expected` is float64 on the CPU.
double distance(const torch::Tensor& came, const torch::Tensor& expected);

/// 100 training steps that the device records and replays against 100 that run as they are: equal bit for bit.
void check_recorded_steps(torch::Device device);

/// Casts and changes of basis of all weights in one launch against one by one: equal bit for bit.
void check_weights(torch::Device device);

/// Products by a tried algorithm against PyTorch's: equal bit for bit.
void check_products(torch::Device device);

/// Projection with binding and the passes of holographic attention after it, in value and gradient.
void check_bound(torch::Device device);

/// The last product of a branch with the residual sum and the norm after it, in value and gradient.
void check_product_norm(torch::Device device);

}  // namespace regard::bench
