// Where a run computes, and what a report says about it.
#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

namespace regard::lab {

/// "auto", "cpu" or "cuda" -> the device; InputError when a GPU is asked for and there is none, with the reason.
torch::Device choose_device(const std::string& name);

/// "" when PyTorch can use a GPU, else why not.
std::string why_no_gpu();

/// Sets PyTorch's threads; 0: one a core.
void set_threads(int64_t threads);

std::string cpu_name();
int64_t cores();
/// "NVIDIA H100 80GB HBM3", or the CPU's name.
std::string device_name(torch::Device device);

/// Machine and versions, for reports and `doctor`: names and values in the order of printing.
using Environment = std::vector<std::pair<std::string, std::string>>;
Environment environment(torch::Device device);

/// What malloc of this process is: "tcmalloc (gperftools 2.10)", or "C library".
std::string allocator_name();

}  // namespace regard::lab
