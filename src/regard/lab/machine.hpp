// Where a run computes, and what a report says about it.
#pragma once

#include <torch/types.h>

#include <string>

#include "regard/run/machine.hpp"

namespace regard::lab {

/// "auto", "cpu" or "cuda" -> the device; InputError when a GPU is asked for and there is none,
/// with the reason.
torch::Device choose_device(const std::string& name);

/// "" when PyTorch can use a GPU, else why not.
std::string why_no_gpu();

/// Sets PyTorch's threads; 0: one a core.
void set_threads(int64_t threads);

/// "NVIDIA H100 80GB HBM3", or the CPU's name.
std::string device_name(torch::Device device);

/// Machine and versions, for reports and `doctor`.
using Environment = run::Facts;
Environment environment(torch::Device device);

}  // namespace regard::lab
