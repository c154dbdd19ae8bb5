// Tensors in one file in the safetensors format, which Python's `safetensors` reads and writes too.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "regard/run/arrays.hpp"

namespace regard::train {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

struct Safetensors {
  std::map<std::string, torch::Tensor> tensors;  // on the CPU
  run::Metadata metadata;
};

/// Writes the file whole or not at all (RunError with the system's reason). The bytes depend only
/// on names, values and metadata: no clock, no path, one order. Tensors may be on any device.
void save_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                      const run::Metadata& metadata);

/// Reads a file; InputError with the path and the reason for anything that is not right in it.
Safetensors load_safetensors(const std::filesystem::path& path);

}  // namespace regard::train
