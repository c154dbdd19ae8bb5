// Copies tensors of a file into tensors of a run.
#pragma once

#include <map>
#include <string>

#include "regard/train/safetensors.hpp"

namespace regard::train {

/// Copies each named tensor of `from` into the one of that name in `into`, whatever the devices.
/// Throws InputError for a name that is missing, for a shape or dtype that differs, and for values
/// that are not finite: no run saves such, and nothing computed with them means anything.
void restore(const NamedTensors& into, const std::map<std::string, torch::Tensor>& from);

/// InputError with the tensor's name when a value is not finite.
void check_finite(const std::string& name, const torch::Tensor& tensor);

/// The same list with `prefix` before each name.
NamedTensors prefixed(const std::string& prefix, const NamedTensors& tensors);

}  // namespace regard::train
