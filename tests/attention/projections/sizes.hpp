// The sizes that the tests of projections share.
#pragma once

#include "regard/attention/call.hpp"

namespace regard::attention::projections {

inline Size size_of(Uses uses, bool bias = true) {
  return {.model_width = 12, .heads = 3, .head_width = 5, .uses = uses, .bias = bias};
}

inline const Size kSize{.model_width = 12, .heads = 3, .head_width = 5};

}  // namespace regard::attention::projections
