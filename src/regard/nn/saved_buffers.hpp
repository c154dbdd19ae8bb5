// Which buffers of a module are state that a checkpoint keeps.
#pragma once

#include <torch/nn/module.h>

#include <string>
#include <utility>
#include <vector>

namespace regard::nn {

/// A buffer whose name begins so follows from the options of its module, as a table of positions
/// does. It moves with the module to a device, and no checkpoint has it.
inline constexpr const char* kConstant = "constant_";

/// The buffers that are state, such as a moving baseline, with their full names.
inline std::vector<std::pair<std::string, torch::Tensor>> saved_buffers(
    const torch::nn::Module& module) {
  std::vector<std::pair<std::string, torch::Tensor>> saved;
  for (const auto& item : module.named_buffers()) {
    const auto& name = item.key();
    const auto own = name.substr(name.rfind('.') + 1);  // npos + 1 = 0: a name without a dot
    if (!own.starts_with(kConstant)) saved.emplace_back(name, item.value());
  }
  return saved;
}

}  // namespace regard::nn
