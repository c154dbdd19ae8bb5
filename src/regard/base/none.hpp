// An option that is a whole number, was not given, and for which each number has a meaning.
#pragma once

#include <cstdint>
#include <limits>

namespace regard {

/// "none" where options are printed.
constexpr int64_t kNone = std::numeric_limits<int64_t>::min();

}  // namespace regard
