#include "regard/kernels/cpu/targets.hpp"

#include <hwy/targets.h>

namespace regard::kernels::cpu {

std::vector<std::string> supported_targets() {
  std::vector<std::string> names;
  for (const auto target : hwy::SupportedAndGeneratedTargets())
    names.emplace_back(hwy::TargetName(target));
  return names;
}

}  // namespace regard::kernels::cpu
