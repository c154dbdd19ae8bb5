// Copies tensors of a file into tensors of a run.
#pragma once

#include <map>
#include <string>

#include "regard/train/safetensors.hpp"

namespace regard::train {

/// Copies each named tensor of `from` into the one of that name in `into`, whatever the devices.
/// Throws InputError for a name that is missing and for a shape or dtype that differs.
void restore(const NamedTensors& into, const std::map<std::string, torch::Tensor>& from);

/// The same list with `prefix` before each name.
NamedTensors prefixed(const std::string& prefix, const NamedTensors& tensors);

}  // namespace regard::train
