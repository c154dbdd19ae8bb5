// A block keeps 256 columns of the weight in shared memory for all its rows, 128 for each 128
// threads. While the GELU works on the sums of one tile of 64 rows, the products of the next add up
// in a second set of registers, and the rows of the one after it come.
#include "regard/kernels/cuda/gelu_product.hpp"

#include "regard/kernels/cuda/cluster.cuh"
#include "regard/kernels/cuda/gelu-device.cuh"
#include "regard/kernels/cuda/group-products.cuh"
#include "regard/kernels/cuda/sum-parts.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kThreads = 256, kRows = 64, kColumns = 256;
constexpr int kChunkBytes = 16 * kRowBytes, kStage = 2 * kChunkBytes;

template <int depth>
struct Shared {
  static constexpr int kTile = kRows * depth * 2;
  static constexpr int kTiles = kColumns * depth * 2, kStages = kTiles + 2 * kTile,
                       kBias = kStages + kThreads / 32 * kStage;
  static constexpr int kBytes = kBias + kColumns * 4 + kBoundary;
};

struct Sizes {
  int64_t rows, columns;
};

/// Forward (`back` false): weight (columns, depth), out = x W^T and activated = gelu(out + bias).
/// Backward: weight (depth, columns), out = (x W) o gelu'(before + bias), parts (worker, columns) =
/// its sums over the block's rows.
template <class T, int depth, bool back>
__global__ __launch_bounds__(kThreads, 1) void multiply_gelu(Sizes sizes, const T* x,
                                                             const T* weight, const float* bias,
                                                             const T* before, T* out, T* activated,
                                                             float* parts) {
#if defined(REGARD_GROUP_PRODUCTS)
  constexpr int kPiece = 8,
                kChunk = 64;  // numbers in 16 bytes; columns that a warp stages at a time
  using S = Shared<depth>;
  auto* base = dynamic_shared<unsigned char>();
  base +=
      (kBoundary - static_cast<unsigned>(__cvta_generic_to_shared(base)) % kBoundary) % kBoundary;
  const int thread = threadIdx.x, half = thread / 128, warp = thread % 128 / 32, lane = thread % 32;
  unsigned char* const tile_at = base + S::kTiles;
  unsigned char* const stage = base + S::kStages + thread / 32 * kStage;
  auto* const biases = reinterpret_cast<float*>(base + S::kBias);
  const int64_t block_column = static_cast<int64_t>(blockIdx.x) * kColumns;
  const int64_t first_column = block_column + half * 128;
  const int64_t tiles = (sizes.rows + kRows - 1) / kRows, stride = gridDim.y;

  {
    constexpr int kWeightRows = back ? depth : kColumns,
                  kPieces = (back ? kColumns : depth) / kPiece;
    const int64_t pitch = back ? sizes.columns : depth;
    const T* const from = weight + (back ? block_column : block_column * depth);
#pragma unroll 8
    for (int i = thread; i < kWeightRows * kPieces; i += kThreads) {
      const int row = i / kPieces, piece = i % kPieces;
      copy_async(base + place_of(row, piece, kWeightRows), from + row * pitch + piece * kPiece,
                 true);
    }
  }
  const auto fetch_rows = [&](int64_t tile, int buffer) {
    constexpr int kPieces = depth / kPiece, kStep = kThreads / kPieces;
    if (tile < tiles) {
#pragma unroll
      for (int i = 0; i < kRows / kStep; ++i) {
        const int row = thread / kPieces + i * kStep, piece = thread % kPieces;
        const int64_t at = tile * kRows + row;
        copy_async(tile_at + buffer * S::kTile + place_of(row, piece, kRows),
                   x + at * depth + piece * kPiece, at < sizes.rows);
      }
    }
    copies_commit();
  };
  // A warp stages 16 rows: 8 lanes a row, 4 rows at a time.
  const int staged_row = lane / 8, staged_piece = lane % 8;
  const auto staged = [&](int chunk, int i) {
    return stage + chunk * kChunkBytes + place_of(staged_row + 4 * i, staged_piece, 16);
  };
  const auto fetch_before = [&](int64_t tile, int chunk) {
    if constexpr (back) {
      if (tile < tiles) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int64_t row = tile * kRows + warp * 16 + staged_row + 4 * i;
          copy_async(
              staged(chunk, i),
              before + row * sizes.columns + first_column + chunk * kChunk + staged_piece * kPiece,
              row < sizes.rows);
        }
      }
      copies_commit();
    }
  };
  int64_t tile = blockIdx.y;
  fetch_rows(tile, 0);
  biases[thread] = bias[block_column + thread];
  copies_wait<0>();
  publish_to_products();
  __syncthreads();
  fetch_rows(tile + stride, 1);
  fetch_before(tile, 0);
  fetch_before(tile, 1);

  float sums[2][kPiece] = {};
  const int block_row = lane % 8 + lane / 8 % 2 * 8, block_piece = lane / 16;
  const float* const my_biases = biases + half * 128 + 2 * (lane % 4);
  const auto start_products = [&](float(&d)[64], int buffer) {
    products_begin();
#pragma unroll
    for (int k = 0; k < depth / 16; ++k) {
      const auto rows =
          along_rows(tile_at + buffer * S::kTile + k / 4 * (kRows * kRowBytes) + k % 4 * 32);
      const auto columns =
          back ? across_rows(base + half * 2 * (depth * kRowBytes) + k * 16 * kRowBytes,
                             depth * kRowBytes)
               : along_rows(base + (k / 4 * kColumns + half * 128) * kRowBytes + k % 4 * 32);
      multiply<T, back>(d, rows, columns, k > 0);
    }
    products_commit();
  };
  const auto finish_tile = [&](const float(&d)[64]) {
    const int64_t row0 = tile * kRows + warp * 16 + staged_row;
    const int64_t place0 = row0 * sizes.columns + first_column + staged_piece * kPiece;
#pragma unroll
    for (int chunk = 0; chunk < 2; ++chunk) {
      if constexpr (back) {
        copies_wait<2>();  // newer: the other chunk, and rows
        __syncwarp();
      }
#pragma unroll
      for (int q = 0; q < 4; ++q) {
        const int j = 8 * chunk + 2 * q;
        unsigned char* const place =
            stage + (back ? chunk * kChunkBytes : 0) + place_of(block_row, 2 * q + block_piece, 16);
        const float2 shifts[2] = {*reinterpret_cast<const float2*>(my_biases + 8 * j),
                                  *reinterpret_cast<const float2*>(my_biases + 8 * j + 8)};
        unsigned r[4], activated_r[4];
        if constexpr (back) load_blocks(r, place);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const float one = d[4 * j + 2 * i], two = d[4 * j + 2 * i + 1];
          const float2 shift = shifts[i / 2];
          if constexpr (!back) r[i] = pack_two<T>(one, two);
          const float2 u = unpack_two<T>(r[i]);
          if constexpr (back) {
            r[i] =
                pack_two<T>(one * gelu_slope<T>(u.x + shift.x), two * gelu_slope<T>(u.y + shift.y));
          } else {
            activated_r[i] = pack_two<T>(gelu_of<T>(u.x + shift.x), gelu_of<T>(u.y + shift.y));
          }
        }
        store_blocks(place, r);
        if constexpr (!back) store_blocks(place + kChunkBytes, activated_r);
      }
      __syncwarp();
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (row0 + 4 * i >= sizes.rows) continue;
        const int64_t to = place0 + chunk * kChunk + 4 * i * sizes.columns;
        const auto piece = *reinterpret_cast<const uint4*>(staged(back ? chunk : 0, i));
        if constexpr (back) {
          *reinterpret_cast<uint4*>(out + to) = piece;
          const unsigned all[4] = {piece.x, piece.y, piece.z, piece.w};
#pragma unroll
          for (int e = 0; e < 4; ++e) {
            const float2 two = unpack_two<T>(all[e]);
            sums[chunk][2 * e] += two.x;
            sums[chunk][2 * e + 1] += two.y;
          }
        } else {
          __stcs(reinterpret_cast<uint4*>(out + to), piece);  // nobody reads it before the backward
          *reinterpret_cast<uint4*>(activated + to) = *reinterpret_cast<const uint4*>(staged(1, i));
        }
      }
      __syncwarp();
      fetch_before(tile + stride, chunk);
    }
  };
  // The products of the next tile run while `d` is finished. Behind the last tile they use what
  // lies there, for nothing.
  const auto take_turn = [&](float(&d)[64], float(&next)[64], int buffer) {
    copies_wait<back ? 2 : 0>();
    publish_to_products();
    // the rows have come for all, and the products before have left the other buffer
    __syncthreads();
    start_products(next, buffer);
    fetch_rows(tile + 2 * stride, buffer ^ 1);
    finish_tile(d);
    products_wait(next);
    tile += stride;
  };
  float even[64], odd[64];
  start_products(even, 0);
  products_wait(even);
  while (tile < tiles) {
    take_turn(even, odd, 1);
    take_turn(odd, even, 0);
  }
  copies_wait<0>();
  if constexpr (back) {
    __syncthreads();
    auto* const all = reinterpret_cast<float*>(base + S::kTiles);  // (warp, column)
#pragma unroll
    for (int chunk = 0; chunk < 2; ++chunk) {
#pragma unroll
      for (int e = 0; e < kPiece; ++e) {
        float sum = sums[chunk][e];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        const int column = half * 128 + chunk * kChunk + lane * kPiece + e;
        if (lane < 8) all[warp * kColumns + column] = sum;
      }
    }
    __syncthreads();
    float sum = 0.0f;
#pragma unroll
    for (int i = 0; i < 4; ++i) sum += all[i * kColumns + thread];
    parts[blockIdx.y * sizes.columns + block_column + thread] = sum;
  }
#endif
}

dim3 grid_of(const GeluProduct& problem) {
  const int64_t blocks = problem.columns / kColumns, tiles = (problem.rows + kRows - 1) / kRows;
  const int64_t most = multiprocessors() / blocks, workers = most < 1       ? 1
                                                             : most < tiles ? most
                                                                            : tiles;
  return dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(workers));
}

template <bool back>
int run(const GeluProduct& problem, const void* x, const void* weight, const float* bias,
        const void* before, void* out, void* activated, float* parts, cudaStream_t stream) {
  const auto with = [&](auto element, auto depth) {
    using T = decltype(element);
    launch(multiply_gelu<T, depth.value, back>, grid_of(problem), kThreads,
           Shared<depth.value>::kBytes, stream, Sizes{problem.rows, problem.columns},
           static_cast<const T*>(x), static_cast<const T*>(weight), bias,
           static_cast<const T*>(before), static_cast<T*>(out), static_cast<T*>(activated), parts);
    return static_cast<int>(cudaGetLastError());
  };
  const auto with_depth = [&](auto element) {
    if (problem.depth == 128) return with(element, std::integral_constant<int, 128>{});
    return with(element, std::integral_constant<int, 256>{});
  };
  return problem.storage == Storage::kHalf ? with_depth(__half{}) : with_depth(__nv_bfloat16{});
}

}  // namespace

bool gelu_product_takes(const GeluProduct& p) {
  return p.storage != Storage::kFloat && p.rows > 0 && (p.depth == 128 || p.depth == 256) &&
         p.columns > 0 && p.columns % kColumns == 0 && has_group_products();
}

int gelu_product(const GeluProduct& problem, const void* x, const void* weight, const float* bias,
                 void* before, void* y, void* stream) {
  if (!gelu_product_takes(problem)) return static_cast<int>(cudaErrorInvalidValue);
  return run<false>(problem, x, weight, bias, nullptr, before, y, nullptr,
                    static_cast<cudaStream_t>(stream));
}

int64_t gelu_product_scratch(const GeluProduct& problem) {
  return static_cast<int64_t>(grid_of(problem).y) * problem.columns;
}

int gelu_product_backward(const GeluProduct& problem, const void* dy, const void* weight,
                          const float* bias, const void* before, void* dbefore, float* dbias,
                          float* scratch, void* stream) {
  if (!gelu_product_takes(problem)) return static_cast<int>(cudaErrorInvalidValue);
  const auto on = static_cast<cudaStream_t>(stream);
  const int status = run<true>(problem, dy, weight, bias, before, dbefore, nullptr, scratch, on);
  if (status != 0) return status;
  launch_sum_parts(scratch, static_cast<int>(grid_of(problem).y), problem.columns,
                   {{dbias, nullptr, nullptr}}, on);
  return static_cast<int>(cudaGetLastError());
}

}  // namespace regard::kernels::cuda
