// Which random numbers a kernel draws for dropout.
#pragma once

#include <cstdint>

namespace regard::kernels::cuda {

/// Which numbers to draw, and what to do with them: an element is kept where its number is >=
/// bound, and then multiplied by `keep`.
struct DropoutDraw {
  uint32_t bound = 0;  // p 2^32
  float keep = 1.0f;   // 1 / (1 - p)
  uint64_t key = 0;
  const int64_t* step = nullptr;  // on the device; null: nothing is dropped
};

/// The draw of kernels/cpu/dropout.hpp for (seed, site).
inline DropoutDraw make_draw(double p, uint64_t seed, const int64_t* step, uint32_t site) {
  constexpr uint64_t kDropoutStream = 4;  // RandomStream::kDropout
  return {static_cast<uint32_t>(p * 4294967296.0 + 0.5), static_cast<float>(1.0 / (1.0 - p)),
          seed ^ (kDropoutStream << 32 | site) * 0x9E3779B97F4A7C15u, step};
}

}  // namespace regard::kernels::cuda
