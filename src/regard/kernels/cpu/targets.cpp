#include "regard/kernels/cpu/targets.hpp"

#include <hwy/targets.h>

namespace regard::kernels::cpu {

std::vector<std::string> supported_targets() {
  std::vector<std::string> names;
  for (const auto target : hwy::SupportedAndGeneratedTargets()) names.emplace_back(hwy::TargetName(target));
  return names;
}

std::string best_target() {
  const auto names = supported_targets();
  return names.empty() ? "scalar" : names.front();
}

}  // namespace regard::kernels::cpu
