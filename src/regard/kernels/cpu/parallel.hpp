// How a kernel shares its work: the caller hands in its pool, so that a process has one.
#pragma once

#include <cstdint>
#include <functional>

namespace regard::kernels {

/// Works on the units [begin, end).
using RangeBody = std::function<void(int64_t begin, int64_t end)>;

/// Calls `body` on ranges that cover [0, count) once each, at any time and in any order; a range
/// below
/// `grain` units is not worth a thread. Kernels give the same bits whatever the ranges.
using ParallelFor = std::function<void(int64_t count, int64_t grain, const RangeBody& body)>;

inline void run_serially(int64_t count, int64_t /*grain*/, const RangeBody& body) {
  if (count > 0) body(0, count);
}

}  // namespace regard::kernels
