// Which of the compiled SIMD instruction sets this CPU can run.
#pragma once

#include <string>
#include <vector>

namespace regard::kernels::cpu {

/// All compiled targets that this CPU supports, best first.
std::vector<std::string> supported_targets();

}  // namespace regard::kernels::cpu
