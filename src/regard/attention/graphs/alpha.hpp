// What graphs with alpha keys a query have in common.
#pragma once

#include <string>

#include "regard/base/error.hpp"

namespace regard::attention::graphs {

/// InputError for a number of keys that is none, or that no memory holds.
inline void check_alpha(int64_t alpha) {
  constexpr int64_t kMost = int64_t{1} << 30;
  if (alpha >= 1 && alpha <= kMost) return;
  throw InputError("alpha from 1 to " + std::to_string(kMost) + " was expected, and " +
                   std::to_string(alpha) + " came");
}

}  // namespace regard::attention::graphs
