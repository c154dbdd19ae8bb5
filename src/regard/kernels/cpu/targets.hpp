// Which SIMD instruction sets the kernels were compiled for, and which one this CPU runs.
#pragma once

#include <string>
#include <vector>

namespace regard::kernels::cpu {

/// The best target that this CPU supports, by Highway's name ("AVX3_ZEN4", "AVX2", ...).
std::string best_target();

/// All compiled targets that this CPU supports, best first.
std::vector<std::string> supported_targets();

}  // namespace regard::kernels::cpu
