// How the chunks of a problem become units of work; shared by forward and backward.
#pragma once

#include <algorithm>
#include <cstdint>

#include "regard/kernels/cpu/hrr.hpp"

namespace regard::kernels {

/// One chunk of tokens of one head: tokens [first, first + rows), of which the first `count` are
/// inside the length and the first `bound` enter S.
struct HrrUnit {
  int64_t b, h, head, first, rows, count, bound;  // head counts over all batches
};

/// Outputs from this size on are written past the caches. Measured on a Xeon with 2 MiB of L2 a
/// core, with the time of a reader of the outputs counted: 8 MiB lose a little, 16 MiB gain a
/// fifth.
inline constexpr int64_t kHrrStreamBytes = int64_t{12} << 20;

struct HrrPlan {
  const HrrProblem& problem;
  int64_t chunks = (problem.length + kHrrChunk - 1) / kHrrChunk;
  int64_t heads = problem.batch * problem.heads;  ///< of all batches
  int64_t units = heads * chunks;

  int64_t length(int64_t b) const { return problem.lengths ? problem.lengths[b] : problem.length; }

  /// Of a chunk of a head, both counted over all batches. Heads are innermost: neighbours in memory
  /// are neighbours in time of work.
  int64_t index(int64_t head, int64_t chunk) const {
    return (head / problem.heads * chunks + chunk) * problem.heads + head % problem.heads;
  }

  HrrUnit unit(int64_t b, int64_t h, int64_t chunk) const {
    const int64_t first = chunk * kHrrChunk;
    const int64_t rows = std::min(kHrrChunk, problem.length - first);
    const int64_t count = std::clamp<int64_t>(length(b) - first, 0, rows);
    return {b, h, b * problem.heads + h, first, rows, count, problem.pads_in ? rows : count};
  }

  HrrUnit unit(int64_t index) const {
    const int64_t h = index % problem.heads, rest = index / problem.heads;
    return unit(rest / chunks, h, rest % chunks);
  }

  /// m_t of a token of batch b.
  float keys(int64_t b, int64_t t) const {
    if (!problem.time_scale) return 1.0f;
    return static_cast<float>(problem.causal ? t + 1 : length(b));
  }

  /// Whether an output is too large to wait in a cache for its reader, and its rows are whole cache
  /// lines: then they are written without being read first, which saves a third of the traffic.
  template <class T>
  bool streams(const HeadView<T>& x) const {
    constexpr int64_t kLine = 64 / sizeof(T);
    const int64_t elements = problem.batch * problem.heads * problem.length * problem.width;
    return elements * static_cast<int64_t>(sizeof(T)) >= kHrrStreamBytes &&
           reinterpret_cast<uintptr_t>(x.data) % 64 == 0 &&
           (x.batch | x.head | x.time | problem.width) % kLine == 0;
  }

  int64_t grain_of_chunks() const { return grain(kHrrChunk * problem.width); }
  int64_t grain_of_heads() const { return grain(problem.length * problem.width); }

 private:
  static int64_t grain(int64_t elements) {
    return std::max<int64_t>(1, 32768 / std::max<int64_t>(1, elements));
  }
};

template <class T>
struct HrrForward {
  HrrPlan plan;
  HeadView<const T> q, k, v;
  HeadView<T> y;
  float *s, *z;
  const ParallelFor& parallel;
};

template <class T>
struct HrrBackward {
  HrrPlan plan;
  HeadView<const T> q, k, v, g;
  const float *s, *z;
  HeadView<T> dq, dk, dv;
  const ParallelFor& parallel;
};

}  // namespace regard::kernels
