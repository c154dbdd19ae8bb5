// Numbers for tests of elementwise kernels, and the factors of dropout as the CPU draws them.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "regard/base/philox.hpp"

namespace regard::testing {

using Values = std::vector<double>;

inline Values normal(int64_t count, int seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> draw;
  Values x(count);
  for (auto& value : x) value = static_cast<float>(draw(random));
  return x;
}
inline std::vector<float> floats(const Values& x) { return {x.begin(), x.end()}; }

/// The factor of an element, from the numbers of base/philox.hpp.
inline double factor(double p, uint64_t seed, int64_t step, uint32_t site, int64_t element) {
  const uint64_t key =
      seed ^
      (uint64_t{static_cast<uint32_t>(RandomStream::kDropout)} << 32 | site) * 0x9E3779B97F4A7C15u;
  const auto block = static_cast<uint64_t>(element / 4);
  const auto bits = philox(key, {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                                 static_cast<uint32_t>(step), 0});
  return bits[element % 4] >= static_cast<uint64_t>(std::llround(p * 0x1.0p32)) ? 1 / (1 - p) : 0;
}

}  // namespace regard::testing
