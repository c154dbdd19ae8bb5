#include "regard/kernels/cuda/rotate.hpp"

#include <cmath>

#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kPlaces = 4;  // of one thread, which keeps its frequencies for them
constexpr double kTurn = 6.283185307179586;

/// A thread has `vector` pairs of one head for kPlaces places and all sequences and parts.
template <class T, int vector>
__global__ __launch_bounds__(kThreads) void rotate_rows(Rotation r, double log_step, const T* x,
                                                        T* y) {
  const int64_t half = r.width / 2, groups = half / vector + (r.width % 2);
  const int64_t index = blockIdx.x * static_cast<int64_t>(kThreads) + threadIdx.x;
  const int64_t group = index % groups, head = index / groups % r.heads;
  const int64_t first = index / (groups * r.heads) * kPlaces;
  if (first >= r.time) return;
  const int64_t column = group * vector;
  const bool odd = column == half;  // the channel without a partner
  double frequency[vector];
#pragma unroll
  for (int i = 0; i < vector; ++i) frequency[i] = exp(static_cast<double>(column + i) * log_step);
  for (int64_t t = first; t < first + kPlaces && t < r.time; ++t) {
    float sine[vector], cosine[vector];
#pragma unroll
    for (int i = 0; i < vector; ++i) {
      const double angle = static_cast<double>(t) * frequency[i];
      sincosf(static_cast<float>(angle - kTurn * rint(angle / kTurn)), &sine[i], &cosine[i]);
      if (r.back) sine[i] = -sine[i];
    }
    for (int64_t b = 0; b < r.batch; ++b) {
      for (int64_t part = 0; part < r.parts; ++part) {
        const int64_t row = ((b * r.time + t) * r.parts + part) * r.heads + head;
        const T* const from = x + row * r.width;
        T* const to = y + row * r.width;
        if (odd) {
          to[r.width - 1] = from[r.width - 1];
          continue;
        }
        auto low = *reinterpret_cast<const Pack<T, vector>*>(from + column);
        auto high = *reinterpret_cast<const Pack<T, vector>*>(from + half + column);
        if (part < r.rotated) {
#pragma unroll
          for (int i = 0; i < vector; ++i) {
            const float p = to_float(low.x[i]), q = to_float(high.x[i]);
            low.x[i] = from_float<T>(p * cosine[i] - q * sine[i]);
            high.x[i] = from_float<T>(q * cosine[i] + p * sine[i]);
          }
        }
        *reinterpret_cast<Pack<T, vector>*>(to + column) = low;
        *reinterpret_cast<Pack<T, vector>*>(to + half + column) = high;
      }
    }
  }
}

}  // namespace

int rotate(const Rotation& problem, const void* x, void* y, void* stream) {
  const auto& r = problem;
  if (r.batch * r.time * r.parts * r.heads * r.width == 0) return 0;
  const int64_t half = r.width / 2;
  const bool vectors = r.width % 16 == 0 && reinterpret_cast<uintptr_t>(x) % 16 == 0 &&
                       reinterpret_cast<uintptr_t>(y) % 16 == 0;
  const int64_t groups = vectors ? half / 8 : half + r.width % 2;
  const int64_t threads = (r.time + kPlaces - 1) / kPlaces * r.heads * groups;
  const auto blocks = static_cast<unsigned>((threads + kThreads - 1) / kThreads);
  const double log_step = half > 0 ? -std::log(10000.0) / static_cast<double>(half) : 0;
  const auto on = static_cast<cudaStream_t>(stream);
  return with_storage(r.storage, [&](auto element) {
    using T = decltype(element);
    const auto* const from = static_cast<const T*>(x);
    auto* const to = static_cast<T*>(y);
    if (vectors) {
      launch(rotate_rows<T, 8>, blocks, kThreads, 0, on, r, log_step, from, to);
    } else {
      launch(rotate_rows<T, 1>, blocks, kThreads, 0, on, r, log_step, from, to);
    }
    return static_cast<int>(cudaGetLastError());
  });
}

}  // namespace regard::kernels::cuda
