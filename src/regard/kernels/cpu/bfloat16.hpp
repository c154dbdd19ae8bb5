// The 16-bit type that CPU kernels store; arithmetic is in fp32.
#pragma once

#include <cstdint>

namespace regard::kernels {

/// The upper half of a float.
struct BFloat16 {
  uint16_t bits;
};

}  // namespace regard::kernels
