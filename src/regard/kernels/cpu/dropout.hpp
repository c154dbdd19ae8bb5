// Dropout in one pass, with numbers that are drawn on the way and never stored: Philox4x32-10
// (Salmon et al. 2011), element i takes word i % 4 of block i / 4 under (seed, step, site).
//
//   y_i = x_i / (1 - p) where number i is at least p 2^32, else 0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "regard/base/philox.hpp"
#include "regard/kernels/cpu/bfloat16.hpp"

namespace regard::kernels::cpu {

struct DropoutDraw {
  uint64_t key = 0;
  uint64_t step = 0;
  uint32_t bound = 0;  // p 2^32
  float keep = 1;      // 1 / (1 - p)

  DropoutDraw(double p, uint64_t seed, uint64_t step, uint32_t site)
      : key(seed ^ (uint64_t{static_cast<uint32_t>(RandomStream::kDropout)} << 32 | site) *
                       0x9E3779B97F4A7C15u),
        step(step),
        bound(static_cast<uint32_t>(std::min(std::round(p * 0x1.0p32), 0x1.0p32 - 1))),
        keep(static_cast<float>(1.0 / (1.0 - p))) {}
};

/// Elements [begin, end) of x into y, which may be x; begin is a multiple of 4. T is float or
/// BFloat16: arithmetic in fp32.
template <class T>
void dropout(const DropoutDraw& draw, const T* x, T* y, int64_t begin, int64_t end);

/// The instruction set that it runs on here, as Highway names it.
const char* dropout_target();

}  // namespace regard::kernels::cpu
