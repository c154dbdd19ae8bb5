// A block keeps 256 columns of the weight in shared memory for all its rows. Two pairs of 128 threads take tiles of 64 rows in
// turn, so that one multiplies while the other works on its sums; of a pair each has 128 columns.
#include "regard/kernels/cuda/gelu_product.hpp"

#include "regard/kernels/cuda/cluster.cuh"
#include "regard/kernels/cuda/gelu-device.cuh"
#include "regard/kernels/cuda/group-products.cuh"
#include "regard/kernels/cuda/sum-parts.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kPairs = 2, kPairThreads = 256, kThreads = kPairs * kPairThreads;
constexpr int kRows = 64, kColumns = 256;
constexpr int kRowBytes = 128, kStage = 16 * kRowBytes, kBoundary = 1024;

template <int depth>
struct Shared {
  static constexpr int kTile = kRows * depth * 2;
  static constexpr int kTiles = kColumns * depth * 2, kStages = kTiles + kPairs * kTile,
                       kBias = kStages + kThreads / 32 * kStage;
  static constexpr int kBytes = kBias + kColumns * 4 + kBoundary;
};

/// Where piece `piece` of a row lies in a matrix of rows of 128 bytes, `rows` rows before its next 64 columns.
[[maybe_unused]] __device__ inline int place_of(int row, int piece, int rows) {
  return (piece / 8 * rows + row) * kRowBytes + (piece % 8 ^ row % 8) * 16;
}

struct Sizes {
  int64_t rows, columns;
};

/// Forward (`back` false): weight (columns, depth), out = x W^T and activated = gelu(out + bias).
/// Backward: weight (depth, columns), out = (x W) o gelu'(before + bias), parts (worker, columns) = its sums over the block's rows.
template <class T, int depth, bool back>
__global__ __launch_bounds__(kThreads, 1) void multiply_gelu(Sizes sizes, const T* x,
                                                             const T* weight, const float* bias,
                                                             const T* before, T* out, T* activated,
                                                             float* parts) {
#if defined(REGARD_GROUP_PRODUCTS)
  constexpr int kGroupColumns = kColumns / 2, kPiece = 8;  // of 128 threads; numbers in 16 bytes
  // Columns that a warp stages at a time.
  constexpr int kChunk = 64, kChunks = kGroupColumns / kChunk;
  using S = Shared<depth>;
  auto* base = dynamic_shared<unsigned char>();
  base +=
      (kBoundary - static_cast<unsigned>(__cvta_generic_to_shared(base)) % kBoundary) % kBoundary;
  const int pair = threadIdx.x / kPairThreads, thread = threadIdx.x % kPairThreads;
  const int half = thread / 128, warp = thread % 128 / 32, lane = thread % 32;
  unsigned char* const tile_at = base + S::kTiles + pair * S::kTile;
  unsigned char* const stage = base + S::kStages + threadIdx.x / 32 * kStage;
  auto* const biases = reinterpret_cast<float*>(base + S::kBias);
  const int64_t block_column = static_cast<int64_t>(blockIdx.x) * kColumns;
  const int64_t first_column = block_column + half * kGroupColumns;
  const int64_t tiles = (sizes.rows + kRows - 1) / kRows;
  const int64_t stride = static_cast<int64_t>(gridDim.y) * kPairs;

  {
    constexpr int kWeightRows = back ? depth : kColumns,
                  kPieces = (back ? kColumns : depth) / kPiece;
    const int64_t pitch = back ? sizes.columns : depth;
    const T* const from = weight + (back ? block_column : block_column * depth);
#pragma unroll 4
    for (int i = threadIdx.x; i < kWeightRows * kPieces; i += kThreads) {
      const int row = i / kPieces, piece = i % kPieces;
      copy_async(base + place_of(row, piece, kWeightRows), from + row * pitch + piece * kPiece,
                 true);
    }
  }
  const auto fetch_rows = [&](int64_t tile) {
    constexpr int kPieces = depth / kPiece, kStep = kPairThreads / kPieces;
    if (tile < tiles) {
#pragma unroll
      for (int i = 0; i < kRows / kStep; ++i) {
        const int row = thread / kPieces + i * kStep, piece = thread % kPieces;
        const int64_t at = tile * kRows + row;
        copy_async(tile_at + place_of(row, piece, kRows), x + at * depth + piece * kPiece,
                   at < sizes.rows);
      }
    }
    copies_commit();
  };
  // A warp stages 16 rows of 64 columns: 8 lanes a row, 4 rows at a time.
  const int staged_row = lane / 8, staged_piece = lane % 8;
  const auto staged = [&](int i) { return stage + place_of(staged_row + 4 * i, staged_piece, 16); };
  const auto fetch_before = [&](int64_t tile) {
    if (tile < tiles) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int64_t row = tile * kRows + warp * 16 + staged_row + 4 * i;
        copy_async(staged(i), before + row * sizes.columns + first_column + staged_piece * kPiece,
                   row < sizes.rows);
      }
    }
    copies_commit();
  };
  const int64_t first = static_cast<int64_t>(blockIdx.y) * kPairs;
  fetch_rows(first + pair);
  if constexpr (back) fetch_before(first + pair);
  if (threadIdx.x < kColumns) biases[threadIdx.x] = bias[block_column + threadIdx.x];
  copies_wait<0>();
  publish_to_products();
  __syncthreads();

  float sums[kChunks][kPiece] = {};
  const int block_row = lane % 8 + lane / 8 % 2 * 8, block_piece = lane / 16;
  const float* const my_biases = biases + half * kGroupColumns + 2 * (lane % 4);
  float d[64];
  // Both pairs take the same number of turns, so that they meet at the end.
  for (int64_t turn = first; turn < tiles; turn += stride) {
    const int64_t tile = turn + pair, row0 = tile * kRows + warp * 16 + staged_row;
    const int64_t place0 = row0 * sizes.columns + first_column + staged_piece * kPiece;
    uint4 later[4] = {};  // the second chunk of `before`
    copies_wait<back ? 1 : 0>();
    publish_to_products();
    part_barrier<kPairThreads>(pair + 1);
    if (tile < tiles) {
      products_begin();
#pragma unroll
      for (int k = 0; k < depth / 16; ++k) {
        const auto rows = along_rows(tile_at + k / 4 * (kRows * kRowBytes) + k % 4 * 32);
        const auto columns =
            back ? across_rows(base + half * 2 * (depth * kRowBytes) + k * 16 * kRowBytes,
                               depth * kRowBytes)
                 : along_rows(base + (k / 4 * kColumns + half * kGroupColumns) * kRowBytes +
                              k % 4 * 32);
        multiply<T, back>(d, rows, columns, k > 0);
      }
      if constexpr (back) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          if (row0 + 4 * i >= sizes.rows) continue;
          later[i] =
              *reinterpret_cast<const uint4*>(before + place0 + kChunk + 4 * i * sizes.columns);
        }
      }
      products_end(d);
    }
    part_barrier<kPairThreads>(pair + 1);
    fetch_rows(tile + stride);
    if (tile < tiles) {
      if constexpr (back) {
        copies_wait<1>();
        __syncwarp();
      }
#pragma unroll
      for (int chunk = 0; chunk < kChunks; ++chunk) {
        if (back && chunk == 1) {
#pragma unroll
          for (int i = 0; i < 4; ++i) *reinterpret_cast<uint4*>(staged(i)) = later[i];
          __syncwarp();
        }
        // Forward: first the sums as they are, then their GELU, through the same memory.
#pragma unroll
        for (int pass = 0; pass < (back ? 1 : 2); ++pass) {
#pragma unroll
          for (int q = 0; q < 4; ++q) {
            const int j = 8 * chunk + 2 * q;
            unsigned char* const place = stage + place_of(block_row, 2 * q + block_piece, 16);
            const float2 shifts[2] = {*reinterpret_cast<const float2*>(my_biases + 8 * j),
                                      *reinterpret_cast<const float2*>(my_biases + 8 * j + 8)};
            unsigned r[4];
            if constexpr (back) load_blocks(r, place);
#pragma unroll
            for (int i = 0; i < 4; ++i) {
              float &one = d[4 * j + 2 * i], &two = d[4 * j + 2 * i + 1];
              const float2 shift = shifts[i / 2];
              if constexpr (back) {
                const float2 u = unpack_two<T>(r[i]);
                r[i] = pack_two<T>(one * gelu_slope<T>(u.x + shift.x),
                                   two * gelu_slope<T>(u.y + shift.y));
              } else {
                r[i] = pack_two<T>(one, two);
                if (pass == 0) {
                  const float2 u = unpack_two<T>(r[i]);
                  one = gelu_of<T>(u.x + shift.x);
                  two = gelu_of<T>(u.y + shift.y);
                }
              }
            }
            store_blocks(place, r);
          }
          __syncwarp();
          T* const to = (pass == 0 ? out : activated) + place0 + chunk * kChunk;
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            if (row0 + 4 * i >= sizes.rows) continue;
            const auto piece = *reinterpret_cast<const uint4*>(staged(i));
            auto* const row = reinterpret_cast<uint4*>(to + 4 * i * sizes.columns);
            if constexpr (back) {
              *row = piece;
              const unsigned all[4] = {piece.x, piece.y, piece.z, piece.w};
#pragma unroll
              for (int e = 0; e < 4; ++e) {
                const float2 two = unpack_two<T>(all[e]);
                sums[chunk][2 * e] += two.x;
                sums[chunk][2 * e + 1] += two.y;
              }
            } else if (pass == 0) {
              __stcs(row, piece);  // nobody reads it before the backward
            } else {
              *row = piece;
            }
          }
          __syncwarp();
        }
      }
    }
    if constexpr (back) fetch_before(tile + stride);
  }
  copies_wait<0>();
  if constexpr (back) {
    __syncthreads();
    auto* const all = reinterpret_cast<float*>(base + S::kTiles);  // (pair and warp, column)
#pragma unroll
    for (int chunk = 0; chunk < kChunks; ++chunk) {
#pragma unroll
      for (int e = 0; e < kPiece; ++e) {
        float sum = sums[chunk][e];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        const int column = half * kGroupColumns + chunk * kChunk + lane * kPiece + e;
        if (lane < 8) all[(pair * 4 + warp) * kColumns + column] = sum;
      }
    }
    __syncthreads();
    if (threadIdx.x < kColumns) {
      float sum = 0.0f;
#pragma unroll
      for (int i = 0; i < 4 * kPairs; ++i) sum += all[i * kColumns + threadIdx.x];
      parts[blockIdx.y * sizes.columns + block_column + threadIdx.x] = sum;
    }
  }
#endif
}

dim3 grid_of(const GeluProduct& problem) {
  const int64_t blocks = problem.columns / kColumns, tiles = (problem.rows + kRows - 1) / kRows;
  const int64_t most = multiprocessors() / blocks, wanted = (tiles + kPairs - 1) / kPairs;
  const int64_t workers = most < 1 ? 1 : most < wanted ? most : wanted;
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
