// As sums of columns: a warp a row, 8 neighbouring columns a lane; then what the runs of a sequence
// left.
#include "regard/kernels/cuda/mean_rows.hpp"

#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32, kEach = 8, kTile = 32 * kEach;

int64_t tiles_of(const MeanRows& p) { return (p.columns + kTile - 1) / kTile; }

/// Runs of rows of one sequence: enough blocks to fill a GPU, and some rows for each warp.
int64_t runs_of(const MeanRows& p) {
  const int64_t wanted = 132 * 4 / (tiles_of(p) * p.batch), most = (p.rows + 31) / 32;
  const int64_t runs = wanted < most ? wanted : most;
  return runs < 1 ? 1 : runs;
}

__device__ inline int64_t length_of(const MeanRows& p, int64_t b) {
  return p.lengths ? max(int64_t{0}, min(p.lengths[b], p.rows)) : p.rows;
}

template <class T>
__global__ __launch_bounds__(kThreads) void sum_sequence(MeanRows p, const T* x, float* parts) {
  __shared__ float shared[kWarps][kTile];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32 * kEach;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kTile + lane, b = blockIdx.z;
  const int64_t run = (p.rows + gridDim.y - 1) / gridDim.y, first = blockIdx.y * run;
  const int64_t last = min(first + run, length_of(p, b));
  float sum[kEach] = {};
  if (column < p.columns) {
    const T* const from = x + b * p.rows * p.columns + column;
#pragma unroll 4
    for (int64_t row = first + warp; row < last; row += kWarps) {
      const auto pack = *reinterpret_cast<const Pack<T, kEach>*>(from + row * p.columns);
#pragma unroll
      for (int i = 0; i < kEach; ++i) sum[i] += to_float(pack.x[i]);
    }
  }
#pragma unroll
  for (int i = 0; i < kEach; ++i) shared[warp][lane + i] = sum[i];
  __syncthreads();
  const int64_t mine = static_cast<int64_t>(blockIdx.x) * kTile + threadIdx.x;
  if (mine >= p.columns) return;
  float total = 0.0f;
#pragma unroll
  for (int w = 0; w < kWarps; ++w) total += shared[w][threadIdx.x];
  parts[(b * gridDim.y + blockIdx.y) * p.columns + mine] = total;
}

__global__ __launch_bounds__(kThreads) void finish_mean(MeanRows p, int runs, const float* parts,
                                                        float* y) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x, b = blockIdx.y;
  if (column >= p.columns) return;
  float sum = 0.0f;
#pragma unroll 8
  for (int r = 0; r < runs; ++r) sum += parts[(b * runs + r) * p.columns + column];
  const int64_t length = length_of(p, b);
  y[b * p.columns + column] = length > 0 ? sum / static_cast<float>(length) : 0.0f;
}

template <class T>
__global__ __launch_bounds__(kThreads) void spread(MeanRows p, const float* dy, T* dx) {
  const int64_t at = (blockIdx.x * static_cast<int64_t>(kThreads) + threadIdx.x) * kEach;
  const int64_t b = blockIdx.y;
  if (at >= p.rows * p.columns) return;
  const int64_t length = length_of(p, b);
  const float share = at / p.columns < length ? 1.0f / static_cast<float>(length) : 0.0f;
  const auto from =
      *reinterpret_cast<const Pack<float, kEach>*>(dy + b * p.columns + at % p.columns);
  Pack<T, kEach> pack;
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    pack.x[i] = from_float<T>(share == 0.0f ? 0.0f : from.x[i] * share);
  }
  *reinterpret_cast<Pack<T, kEach>*>(dx + b * p.rows * p.columns + at) = pack;
}

bool takes(const MeanRows& p) {
  return p.batch > 0 && p.batch <= 65535 && p.rows > 0 && p.columns > 0 && p.columns % kEach == 0;
}

unsigned blocks_for(int64_t threads) {
  return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
}

}  // namespace

int64_t mean_rows_scratch(const MeanRows& p) { return p.batch * runs_of(p) * p.columns; }

int mean_rows(const MeanRows& p, Storage storage, const void* x, float* y, float* scratch,
              void* stream) {
  if (!takes(p)) return static_cast<int>(cudaErrorInvalidValue);
  const auto on = static_cast<cudaStream_t>(stream);
  const auto tiles = static_cast<unsigned>(tiles_of(p)), runs = static_cast<unsigned>(runs_of(p)),
             batch = static_cast<unsigned>(p.batch);
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    launch(sum_sequence<T>, dim3(tiles, runs, batch), kThreads, 0, on, p, static_cast<const T*>(x),
           scratch);
    launch(finish_mean, dim3(blocks_for(p.columns), batch), kThreads, 0, on, p,
           static_cast<int>(runs), scratch, y);
    return static_cast<int>(cudaGetLastError());
  });
}

int mean_rows_backward(const MeanRows& p, Storage storage, const float* dy, void* dx,
                       void* stream) {
  if (!takes(p)) return static_cast<int>(cudaErrorInvalidValue);
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    launch(spread<T>, dim3(blocks_for(p.rows * p.columns / kEach), static_cast<unsigned>(p.batch)),
           kThreads, 0, static_cast<cudaStream_t>(stream), p, dy, static_cast<T*>(dx));
    return static_cast<int>(cudaGetLastError());
  });
}

}  // namespace regard::kernels::cuda
