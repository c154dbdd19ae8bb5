#include "regard/kernels/cpu/dropout.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/philox.hpp"

namespace regard::kernels::cpu {

void dropout_scale(float* scale, int64_t begin, int64_t end, double p, uint64_t seed, uint64_t step,
                   uint32_t site) {
  const auto bound = static_cast<uint64_t>(std::llround(p * 0x1.0p32));
  const auto keep = static_cast<float>(1.0 / (1.0 - p));
  const uint64_t key =
      seed ^
      (uint64_t{static_cast<uint32_t>(RandomStream::kDropout)} << 32 | site) * 0x9E3779B97F4A7C15u;
  for (int64_t i = begin; i < end; i += 4) {
    const auto block = static_cast<uint64_t>(i / 4);
    const auto bits = philox(key, {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                                   static_cast<uint32_t>(step), static_cast<uint32_t>(step >> 32)});
    const int64_t last = std::min<int64_t>(4, end - i);
    for (int64_t lane = 0; lane < last; ++lane)
      scale[i + lane] = bits[static_cast<std::size_t>(lane)] >= bound ? keep : 0.0f;
  }
}

}  // namespace regard::kernels::cpu
