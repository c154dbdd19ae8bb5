// A block takes 256 columns, 8 neighbouring ones a lane, and a run of rows, one warp a row; what
// the warps hold is added in their order, and the blocks of a column by a second kernel.
#include "regard/kernels/cuda/columns.hpp"

#include "regard/kernels/cuda/gelu-device.cuh"
#include "regard/kernels/cuda/sum-parts.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kColumnThreads = 256, kRowsAtOnce = kColumnThreads / 32, kLaneColumns = 8,
              kTile = 32 * kLaneColumns;

struct Tiles {
  int64_t rows, columns;
  int64_t run;  // rows of a block
  int runs;
};

Tiles make_tiles(int64_t rows, int64_t columns) {
  const int64_t tiles = (columns + kTile - 1) / kTile;
  int64_t runs = 132 * 4 / tiles;
  const int64_t most = (rows + 4 * kRowsAtOnce - 1) / (4 * kRowsAtOnce);
  runs = runs < 1 ? 1 : runs > most ? most : runs;
  if (runs < 1) runs = 1;
  const int64_t run = (rows + runs - 1) / runs;
  return {rows, columns, run < 1 ? 1 : run, static_cast<int>(runs)};
}

struct Eight {
  float x[kLaneColumns];
};

/// Adds what the warps of a block hold of its columns, in their order.
__device__ inline void write_sums(const Tiles& tiles, const Eight& sum, float* parts) {
  __shared__ float shared[kRowsAtOnce][kTile];
  const int warp = threadIdx.x / 32, lane_column = threadIdx.x % 32 * kLaneColumns;
#pragma unroll
  for (int i = 0; i < kLaneColumns; ++i) shared[warp][lane_column + i] = sum.x[i];
  __syncthreads();
  const int64_t mine = static_cast<int64_t>(blockIdx.x) * kTile + threadIdx.x;
  if (mine >= tiles.columns) return;
  float total = 0.0f;
#pragma unroll
  for (int w = 0; w < kRowsAtOnce; ++w) total += shared[w][threadIdx.x];
  parts[blockIdx.y * tiles.columns + mine] = total;
}

template <class T>
__global__ __launch_bounds__(kColumnThreads) void sum_rows(Tiles tiles, const T* x, float* parts) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kTile + threadIdx.x % 32 * kLaneColumns;
  const int64_t last = min((blockIdx.y + 1) * tiles.run, tiles.rows);
  Eight sum{};
  if (column < tiles.columns) {
#pragma unroll 8
    for (int64_t row = blockIdx.y * tiles.run + threadIdx.x / 32; row < last; row += kRowsAtOnce) {
      const auto pack =
          *reinterpret_cast<const Pack<T, kLaneColumns>*>(x + row * tiles.columns + column);
#pragma unroll
      for (int i = 0; i < kLaneColumns; ++i) sum.x[i] += to_float(pack.x[i]);
    }
  }
  write_sums(tiles, sum, parts);
}

/// Pieces that a thread has on their way at a time; stores between loads would keep the compiler
/// from that.
constexpr int kFlying = 4;

template <class T>
__global__ __launch_bounds__(kColumnThreads) void gelu(const T* x, const float* bias, T* y,
                                                       int64_t count, int64_t columns) {
  const int64_t first =
      (blockIdx.x * static_cast<int64_t>(kFlying * kColumnThreads) + threadIdx.x) * kLaneColumns;
  Pack<T, kLaneColumns> packs[kFlying];
#pragma unroll
  for (int n = 0; n < kFlying; ++n) {
    const int64_t at = first + n * kColumnThreads * kLaneColumns;
    if (at < count) packs[n] = *reinterpret_cast<const Pack<T, kLaneColumns>*>(x + at);
  }
#pragma unroll
  for (int n = 0; n < kFlying; ++n) {
    const int64_t at = first + n * kColumnThreads * kLaneColumns;
    if (at >= count) break;
    const float* const shift = bias + at % columns;
#pragma unroll
    for (int i = 0; i < kLaneColumns; ++i) {
      const float u = to_float(packs[n].x[i]) + shift[i];
      packs[n].x[i] = from_float<T>(gelu_of<T>(u));
    }
    *reinterpret_cast<Pack<T, kLaneColumns>*>(y + at) = packs[n];
  }
}

template <class T>
__global__ __launch_bounds__(kColumnThreads) void gelu_gradient(Tiles tiles, const T* x,
                                                                const float* bias, const T* dy,
                                                                T* dx, float* parts) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kTile + threadIdx.x % 32 * kLaneColumns;
  const int64_t last = min((blockIdx.y + 1) * tiles.run, tiles.rows);
  Eight shift{}, sum{};
  if (column < tiles.columns) {
#pragma unroll
    for (int i = 0; i < kLaneColumns; ++i) shift.x[i] = bias[column + i];
    for (int64_t row = blockIdx.y * tiles.run + threadIdx.x / 32; row < last;
         row += kFlying * kRowsAtOnce) {
      Pack<T, kLaneColumns> xs[kFlying], gs[kFlying];
#pragma unroll
      for (int n = 0; n < kFlying; ++n) {
        const int64_t place = (row + n * kRowsAtOnce) * tiles.columns + column;
        if (row + n * kRowsAtOnce >= last) continue;
        xs[n] = *reinterpret_cast<const Pack<T, kLaneColumns>*>(x + place);
        gs[n] = *reinterpret_cast<const Pack<T, kLaneColumns>*>(dy + place);
      }
#pragma unroll
      for (int n = 0; n < kFlying; ++n) {
        const int64_t place = (row + n * kRowsAtOnce) * tiles.columns + column;
        if (row + n * kRowsAtOnce >= last) continue;
#pragma unroll
        for (int i = 0; i < kLaneColumns; ++i) {
          const float u = to_float(xs[n].x[i]) + shift.x[i];
          const float out = to_float(gs[n].x[i]) * gelu_slope<T>(u);
          sum.x[i] += out;
          gs[n].x[i] = from_float<T>(out);
        }
        *reinterpret_cast<Pack<T, kLaneColumns>*>(dx + place) = gs[n];
      }
    }
  }
  write_sums(tiles, sum, parts);
}

dim3 blocks_of(const Tiles& tiles) {
  return dim3(static_cast<unsigned>((tiles.columns + kTile - 1) / kTile),
              static_cast<unsigned>(tiles.runs));
}

int finish(const Tiles& tiles, const float* scratch, float* sums, cudaStream_t on) {
  launch_sum_parts(scratch, tiles.runs, tiles.columns, {{sums, nullptr, nullptr}}, on);
  return static_cast<int>(cudaGetLastError());
}

bool takes(int64_t rows, int64_t columns) { return rows > 0 && columns > 0 && columns % 8 == 0; }

}  // namespace

int64_t column_sums_scratch(int64_t rows, int64_t columns) {
  return make_tiles(rows, columns).runs * columns;
}

int column_sums(Storage storage, const void* x, int64_t rows, int64_t columns, float* sums,
                float* scratch, void* stream) {
  if (!takes(rows, columns)) return static_cast<int>(cudaErrorInvalidValue);
  const auto on = static_cast<cudaStream_t>(stream);
  const Tiles tiles = make_tiles(rows, columns);
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    launch(sum_rows<T>, blocks_of(tiles), kColumnThreads, 0, on, tiles, static_cast<const T*>(x),
           scratch);
    return finish(tiles, scratch, sums, on);
  });
}

int bias_gelu(Storage storage, const void* x, const float* bias, void* y, int64_t rows,
              int64_t columns, void* stream) {
  if (!takes(rows, columns)) return static_cast<int>(cudaErrorInvalidValue);
  const int64_t threads = (rows * columns / kLaneColumns + kFlying - 1) / kFlying;
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    launch(gelu<T>, dim3(static_cast<unsigned>((threads + kColumnThreads - 1) / kColumnThreads)),
           kColumnThreads, 0, static_cast<cudaStream_t>(stream), static_cast<const T*>(x), bias,
           static_cast<T*>(y), rows * columns, columns);
    return static_cast<int>(cudaGetLastError());
  });
}

int bias_gelu_backward(Storage storage, const void* x, const float* bias, const void* dy, void* dx,
                       int64_t rows, int64_t columns, float* dbias, float* scratch, void* stream) {
  if (!takes(rows, columns)) return static_cast<int>(cudaErrorInvalidValue);
  const auto on = static_cast<cudaStream_t>(stream);
  const Tiles tiles = make_tiles(rows, columns);
  return with_storage(storage, [&](auto element) {
    using T = decltype(element);
    launch(gelu_gradient<T>, blocks_of(tiles), kColumnThreads, 0, on, tiles,
           static_cast<const T*>(x), bias, static_cast<const T*>(dy), static_cast<T*>(dx), scratch);
    return finish(tiles, scratch, dbias, on);
  });
}

}  // namespace regard::kernels::cuda
