#include "regard/kernels/cuda/elementwise.hpp"
#include "regard/kernels/cuda/philox-device.cuh"
#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kThreads = 256;

unsigned blocks_for(int64_t threads) {
  return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
}
__device__ inline int64_t thread_index() {
  return blockIdx.x * static_cast<int64_t>(kThreads) + threadIdx.x;
}

template <class T>
__global__ __launch_bounds__(kThreads) void drop(const T* x, T* y, int64_t count,
                                                 DropoutDraw draw) {
  const int64_t block = thread_index();
  if (block * 4 >= count) return;
  float factors[4];
  dropout_factors(draw, *draw.step, block, factors);
  if (block * 4 + 4 <= count) {
    auto pack = *reinterpret_cast<const Pack<T, 4>*>(x + block * 4);
#pragma unroll
    for (int i = 0; i < 4; ++i) pack.x[i] = from_float<T>(to_float(pack.x[i]) * factors[i]);
    *reinterpret_cast<Pack<T, 4>*>(y + block * 4) = pack;
    return;
  }
  for (int i = 0; block * 4 + i < count; ++i) {
    y[block * 4 + i] = from_float<T>(to_float(x[block * 4 + i]) * factors[i]);
  }
}

template <class T>
__global__ __launch_bounds__(kThreads) void look_up(const int64_t* ids, const float* table,
                                                    const float* positions, T* out, int64_t batch,
                                                    int64_t length, int64_t width) {
  const int64_t index = thread_index() * 4;
  if (index >= batch * length * width) return;
  const int64_t column = index % width, token = index / width, t = token % length;
  auto sum = *reinterpret_cast<const float4*>(table + ids[token] * width + column);
  if (positions) {
    const auto p = *reinterpret_cast<const float4*>(positions + t * width + column);
    sum = {sum.x + p.x, sum.y + p.y, sum.z + p.z, sum.w + p.w};
  }
  const Pack<T, 4> pack = {
      {from_float<T>(sum.x), from_float<T>(sum.y), from_float<T>(sum.z), from_float<T>(sum.w)}};
  *reinterpret_cast<Pack<T, 4>*>(out + index) = pack;
}

template <class T>
__global__ __launch_bounds__(kThreads) void sum_batch(const T* g, float* out, int64_t batch,
                                                      int64_t count) {
  const int64_t at = thread_index() * 8;
  if (at >= count) return;
  float sum[8] = {};
#pragma unroll 4
  for (int64_t b = 0; b < batch; ++b) {
    const auto pack = *reinterpret_cast<const Pack<T, 8>*>(g + b * count + at);
#pragma unroll
    for (int i = 0; i < 8; ++i) sum[i] += to_float(pack.x[i]);
  }
#pragma unroll
  for (int half = 0; half < 8; half += 4) {
    *reinterpret_cast<float4*>(out + at + half) = {sum[half], sum[half + 1], sum[half + 2],
                                                   sum[half + 3]};
  }
}

template <class T, int vector>
__global__ __launch_bounds__(kThreads) void features(Rows3 x, int64_t batch, int64_t heads,
                                                     int64_t length, int64_t width,
                                                     const int64_t* lengths, T* phi) {
  const int64_t index = thread_index() * vector;
  if (index >= batch * heads * length * width) return;
  const int64_t column = index % width, row = index / width;
  const int64_t t = row % length, head = row / length % heads, b = row / (length * heads);
  const T* const from =
      static_cast<const T*>(x.data) + b * x.batch + head * x.head + t * x.time + column;
  const bool inside = !lengths || t < lengths[b];
  Pack<T, vector> pack = *reinterpret_cast<const Pack<T, vector>*>(from);
#pragma unroll
  for (int i = 0; i < vector; ++i) {
    const float value = to_float(pack.x[i]);
    pack.x[i] = from_float<T>(inside ? fmaxf(value, 0.0f) + expf(fminf(value, 0.0f)) : 0.0f);
  }
  *reinterpret_cast<Pack<T, vector>*>(phi + index) = pack;
}

template <class T, int vector>
__global__ __launch_bounds__(kThreads) void features_backward(const T* phi, const T* dphi, T* dx,
                                                              int64_t count) {
  const int64_t index = thread_index() * vector;
  if (index >= count) return;
  const auto p = *reinterpret_cast<const Pack<T, vector>*>(phi + index);
  auto d = *reinterpret_cast<const Pack<T, vector>*>(dphi + index);
#pragma unroll
  for (int i = 0; i < vector; ++i) {
    d.x[i] = from_float<T>(to_float(d.x[i]) * fminf(to_float(p.x[i]), 1.0f));
  }
  *reinterpret_cast<Pack<T, vector>*>(dx + index) = d;
}

template <class T>
__global__ __launch_bounds__(kThreads) void ones(const int64_t* ids, T* out, int64_t count,
                                                 int64_t columns) {
  const int64_t index = thread_index() * 8;
  if (index >= count * columns) return;
  const int64_t row = index / columns, column = index % columns;
  const int64_t hot = ids[row] - column;
  Pack<T, 8> pack;
#pragma unroll
  for (int i = 0; i < 8; ++i) pack.x[i] = from_float<T>(hot == i ? 1.0f : 0.0f);
  *reinterpret_cast<Pack<T, 8>*>(out + index) = pack;
}

}  // namespace

int dropout_apply(Storage storage, const void* x, void* y, int64_t count, const DropoutDraw& draw,
                  void* stream) {
  if (count == 0) return 0;
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    launch(drop<T>, blocks_for((count + 3) / 4), kThreads, 0, static_cast<cudaStream_t>(stream),
           static_cast<const T*>(x), static_cast<T*>(y), count, draw);
    return static_cast<int>(cudaGetLastError());
  });
}

int embed(Storage storage, const int64_t* ids, const float* table, const float* positions,
          void* out, int64_t batch, int64_t length, int64_t width, void* stream) {
  const int64_t count = batch * length * width;
  if (count == 0) return 0;
  if (width % 4 != 0) return static_cast<int>(cudaErrorInvalidValue);
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    launch(look_up<T>, blocks_for(count / 4), kThreads, 0, static_cast<cudaStream_t>(stream), ids,
           table, positions, static_cast<T*>(out), batch, length, width);
    return static_cast<int>(cudaGetLastError());
  });
}

int batch_sums(Storage storage, const void* g, float* out, int64_t batch, int64_t count,
               void* stream) {
  if (count == 0) return 0;
  if (count % 8 != 0) return static_cast<int>(cudaErrorInvalidValue);
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    launch(sum_batch<T>, blocks_for(count / 8), kThreads, 0, static_cast<cudaStream_t>(stream),
           static_cast<const T*>(g), out, batch, count);
    return static_cast<int>(cudaGetLastError());
  });
}

int linear_features(Storage storage, const Rows3& x, int64_t batch, int64_t heads, int64_t length,
                    int64_t width, const int64_t* lengths, void* phi, void* stream) {
  const int64_t count = batch * heads * length * width;
  if (count == 0) return 0;
  const bool vectors = width % 8 == 0 && x.batch % 8 == 0 && x.head % 8 == 0 && x.time % 8 == 0 &&
                       reinterpret_cast<uintptr_t>(x.data) % 16 == 0;
  const auto on = static_cast<cudaStream_t>(stream);
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    auto* const out = static_cast<T*>(phi);
    if (vectors) {
      launch(features<T, 8>, blocks_for(count / 8), kThreads, 0, on, x, batch, heads, length, width,
             lengths, out);
    } else {
      launch(features<T, 1>, blocks_for(count), kThreads, 0, on, x, batch, heads, length, width,
             lengths, out);
    }
    return static_cast<int>(cudaGetLastError());
  });
}

int linear_features_backward(Storage storage, const void* phi, const void* dphi, void* dx,
                             int64_t count, void* stream) {
  if (count == 0) return 0;
  const auto on = static_cast<cudaStream_t>(stream);
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    if (count % 8 == 0) {
      launch(features_backward<T, 8>, blocks_for(count / 8), kThreads, 0, on,
             static_cast<const T*>(phi), static_cast<const T*>(dphi), static_cast<T*>(dx), count);
    } else {
      launch(features_backward<T, 1>, blocks_for(count), kThreads, 0, on,
             static_cast<const T*>(phi), static_cast<const T*>(dphi), static_cast<T*>(dx), count);
    }
    return static_cast<int>(cudaGetLastError());
  });
}

int one_hot(Storage storage, const int64_t* ids, void* out, int64_t count, int64_t columns,
            void* stream) {
  if (count == 0) return 0;
  if (columns % 8 != 0) return static_cast<int>(cudaErrorInvalidValue);
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    launch(ones<T>, blocks_for(count * columns / 8), kThreads, 0, static_cast<cudaStream_t>(stream),
           ids, static_cast<T*>(out), count, columns);
    return static_cast<int>(cudaGetLastError());
  });
}

}  // namespace regard::kernels::cuda
