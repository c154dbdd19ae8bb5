// How the chunks of a problem become units of work; shared by forward and backward.
#pragma once

#include <algorithm>
#include <cstdint>

#include "regard/kernels/cpu/hrr.hpp"

namespace regard::kernels {

/// One chunk of tokens of one head: tokens [first, first + rows), of which the first `count` are inside
/// the length.
struct HrrUnit {
  int64_t b, h, head, first, rows, count;  // head counts over all batches
};

struct HrrPlan {
  const HrrProblem& problem;
  int64_t chunks = (problem.length + kHrrChunk - 1) / kHrrChunk;
  int64_t heads = problem.batch * problem.heads;  ///< of all batches
  int64_t units = heads * chunks;

  int64_t length(int64_t b) const { return problem.lengths ? problem.lengths[b] : problem.length; }

  /// Of a chunk of a head, both counted over all batches. Heads are innermost: neighbours in memory are
  /// neighbours in time of work.
  int64_t index(int64_t head, int64_t chunk) const {
    return (head / problem.heads * chunks + chunk) * problem.heads + head % problem.heads;
  }

  HrrUnit unit(int64_t b, int64_t h, int64_t chunk) const {
    const int64_t first = chunk * kHrrChunk;
    const int64_t rows = std::min(kHrrChunk, problem.length - first);
    return {b,     h,    b * problem.heads + h,
            first, rows, std::clamp<int64_t>(length(b) - first, 0, rows)};
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

  int64_t grain_of_chunks() const { return grain(kHrrChunk * problem.width); }
  int64_t grain_of_heads() const { return grain(problem.length * problem.width); }

 private:
  static int64_t grain(int64_t elements) {
    return std::max<int64_t>(1, 32768 / std::max<int64_t>(1, elements));
  }
};

struct HrrForward {
  HrrPlan plan;
  HeadView<const float> q, k, v;
  HeadView<float> y;
  float *s, *z;
  const ParallelFor& parallel;
};

struct HrrBackward {
  HrrPlan plan;
  HeadView<const float> q, k, v, g;
  const float *s, *z;
  HeadView<float> dq, dk, dv;
  const ParallelFor& parallel;
};

}  // namespace regard::kernels
