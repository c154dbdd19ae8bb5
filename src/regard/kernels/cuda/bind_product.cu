// As in gelu_product.cu a block keeps 256 columns of the weight, and two pairs of 128 threads take
// tiles of 64 rows in turn. The first block of a row of the grid makes q; the others make k and v
// of the same heads, 64 columns of each by the same threads.
#include "regard/kernels/cuda/bind_product.hpp"

#include "regard/kernels/cuda/cluster.cuh"
#include "regard/kernels/cuda/group-products.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kWidth = 256, kPairs = 2, kPairThreads = 256, kThreads = kPairs * kPairThreads;
constexpr int kRows = 64, kColumns = 256, kParts = 3 * kWidth / kColumns;
constexpr int kStage = 16 * kRowBytes;
constexpr int kTile = kRows * kWidth * 2, kTiles = kColumns * kWidth * 2,
              kStages = kTiles + kPairs * kTile, kBias = kStages + kThreads / 32 * kStage,
              kBytes = kBias + kColumns * 4 + kBoundary;

/// The first of the 64 columns of (q, k, v) that half `half` of part `part` has in its chunk
/// `chunk`.
[[maybe_unused]] __device__ inline int column_of(int part, int half, int chunk) {
  return part == 0 ? half * 128 + chunk * 64 : (chunk + 1) * kWidth + (part - 1) * 128 + half * 64;
}

/// `width` of a head: 16, 32 or 64.
template <class T, int width>
__global__ __launch_bounds__(kThreads, 1) void multiply_bind(BindProduct p, const T* x,
                                                             const T* weight, const float* bias,
                                                             T* y, float* parts) {
#if defined(REGARD_GROUP_PRODUCTS)
  constexpr int kPiece = 8, kPieces = kWidth / kPiece;     // numbers in 16 bytes
  constexpr int kBlocks = width / 8, kReal = kBlocks / 2;  // blocks of 8 columns of a head
  auto* base = dynamic_shared<unsigned char>();
  base +=
      (kBoundary - static_cast<unsigned>(__cvta_generic_to_shared(base)) % kBoundary) % kBoundary;
  const int pair = threadIdx.x / kPairThreads, thread = threadIdx.x % kPairThreads;
  const int half = thread / 128, warp = thread % 128 / 32, lane = thread % 32;
  const int part = static_cast<int>(blockIdx.x);
  unsigned char* const tile_at = base + kTiles + pair * kTile;
  unsigned char* const stage = base + kStages + threadIdx.x / 32 * kStage;
  auto* const biases = reinterpret_cast<float*>(base + kBias);

#pragma unroll 4
  for (int i = threadIdx.x; i < kColumns * kPieces; i += kThreads) {
    const int row = i / kPieces, piece = i % kPieces;
    const int64_t from = column_of(part, row / 128, row % 128 / 64) + row % 64;
    copy_async(base + place_of(row, piece, kColumns), weight + from * kWidth + piece * kPiece,
               true);
  }
  const int64_t tiles = p.length / kRows, stride = static_cast<int64_t>(gridDim.y) * kPairs;
  const int64_t first = static_cast<int64_t>(blockIdx.y) * kPairs;
  const auto fetch_rows = [&](int64_t b, int64_t tile) {
    constexpr int kStep = kPairThreads / kPieces;
    if (b < p.batch && tile < tiles) {
      const T* const from = x + (b * p.length + tile * kRows) * kWidth;
#pragma unroll
      for (int i = 0; i < kRows / kStep; ++i) {
        const int row = thread / kPieces + i * kStep, piece = thread % kPieces;
        copy_async(tile_at + place_of(row, piece, kRows), from + row * kWidth + piece * kPiece,
                   true);
      }
    }
    copies_commit();
  };
  fetch_rows(0, first + pair);
  if (threadIdx.x < kColumns) {
    const int i = threadIdx.x;
    biases[i] = bias[column_of(part, i / 128, i % 128 / 64) + i % 64];
  }
  copies_wait<0>();
  publish_to_products();
  __syncthreads();

  const int staged_row = lane / 8, staged_piece = lane % 8;
  const int block_row = lane % 8 + lane / 8 % 2 * 8, block_piece = lane / 16;
  const float* const my_biases = biases + half * 128 + 2 * (lane % 4);
  float d[64], bound[16];
  for (int64_t b = 0; b < p.batch; ++b) {
#pragma unroll
    for (int i = 0; i < 16; ++i) bound[i] = 0.0f;
    // Both pairs take the same number of turns.
    for (int64_t turn = first; turn < tiles; turn += stride) {
      const int64_t tile = turn + pair;
      copies_wait<0>();
      publish_to_products();
      part_barrier<kPairThreads>(pair + 1);
      if (tile < tiles) {
        products_begin();
#pragma unroll
        for (int k = 0; k < kWidth / 16; ++k) {
          multiply<T, false>(
              d, along_rows(tile_at + k / 4 * (kRows * kRowBytes) + k % 4 * 32),
              along_rows(base + (k / 4 * kColumns + half * 128) * kRowBytes + k % 4 * 32), k > 0);
        }
        products_end(d);
      }
      part_barrier<kPairThreads>(pair + 1);
      const bool last = turn + stride >= tiles;
      fetch_rows(last ? b + 1 : b, last ? first + pair : tile + stride);
      if (tile >= tiles) continue;
      const int64_t row0 = b * p.length + tile * kRows + warp * 16 + staged_row;
#pragma unroll
      for (int chunk = 0; chunk < 2; ++chunk) {
#pragma unroll
        for (int q = 0; q < 4; ++q) {
          const int j = 8 * chunk + 2 * q;
          const float2 shifts[2] = {*reinterpret_cast<const float2*>(my_biases + 8 * j),
                                    *reinterpret_cast<const float2*>(my_biases + 8 * j + 8)};
          unsigned r[4];
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            float &one = d[4 * j + 2 * i], &two = d[4 * j + 2 * i + 1];
            r[i] = pack_two<T>(one + shifts[i / 2].x, two + shifts[i / 2].y);
            // Bound is what memory has.
            const float2 kept = unpack_two<T>(r[i]);
            one = kept.x;
            two = kept.y;
          }
          store_blocks(stage + place_of(block_row, 2 * q + block_piece, 16), r);
        }
        __syncwarp();
        T* const to =
            y + row0 * (3 * kWidth) + column_of(part, half, chunk) + staged_piece * kPiece;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          *reinterpret_cast<uint4*>(to + 4 * i * (3 * kWidth)) = *reinterpret_cast<const uint4*>(
              stage + place_of(staged_row + 4 * i, staged_piece, 16));
        }
        __syncwarp();
      }
      if (part == 0) continue;
#pragma unroll
      for (int n = 0; n < 4; ++n) {  // blocks of 8 slots
        const int re = n / kReal * kBlocks + n % kReal, im = re + kReal;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const float kr = d[4 * re + i], ki = d[4 * im + i];
          const float vr = d[32 + 4 * re + i], vi = d[32 + 4 * im + i];
          float &sum_re = bound[4 * n + i % 2], &sum_im = bound[4 * n + 2 + i % 2];
          if (n % kReal == 0 && i % 2 == 0) {
            // Slot 0 of a head is a pair of real numbers.
            const float complex = lane % 4 == 0 ? 0.0f : 1.0f, both = ki * vi;
            sum_re += kr * vr - complex * both;
            sum_im += complex * (kr * vi + ki * vr) + (1.0f - complex) * both;
          } else {
            sum_re += kr * vr - ki * vi;
            sum_im += kr * vi + ki * vr;
          }
        }
      }
    }
    if (part == 0) continue;
#pragma unroll
    for (int i = 0; i < 16; ++i) {
#pragma unroll
      for (int step = 4; step < 32; step *= 2) bound[i] += __shfl_xor_sync(~0u, bound[i], step);
    }
    if (lane < 4) {
      const int64_t chunks = static_cast<int64_t>(gridDim.y) * kPairs * 4;
      const int64_t chunk = (static_cast<int64_t>(blockIdx.y) * kPairs + pair) * 4 + warp;
      float* const to = parts + (b * chunks + chunk) * kWidth + (part - 1) * 128 + half * 64;
#pragma unroll
      for (int n = 0; n < 4; ++n) {
        float* const head = to + n / kReal * width + n % kReal * 8 + 2 * lane;
        *reinterpret_cast<float2*>(head) = float2{bound[4 * n], bound[4 * n + 1]};
        *reinterpret_cast<float2*>(head + width / 2) = float2{bound[4 * n + 2], bound[4 * n + 3]};
      }
    }
    __syncwarp();
  }
#endif
}

dim3 grid_of(const BindProduct& p) {
  const int64_t most = multiprocessors() / kParts,
                wanted = (p.length / kRows + kPairs - 1) / kPairs;
  const int64_t workers = most < 1 ? 1 : most < wanted ? most : wanted;
  return dim3(kParts, static_cast<unsigned>(workers));
}

}  // namespace

bool bind_product_takes(const BindProduct& p) {
  return p.storage != Storage::kFloat && p.batch > 0 && p.length > 0 && p.length % kRows == 0 &&
         (p.heads == 4 || p.heads == 8 || p.heads == 16) && has_group_products();
}

int64_t bind_product_chunks(const BindProduct& p) {
  return static_cast<int64_t>(grid_of(p).y) * kPairs * 4;
}

int bind_product(const BindProduct& p, const void* x, const void* weight, const float* bias,
                 void* y, float* parts, void* stream) {
  if (!bind_product_takes(p)) return static_cast<int>(cudaErrorInvalidValue);
  const auto run = [&](auto element, auto width) {
    using T = decltype(element);
    launch(multiply_bind<T, width.value>, grid_of(p), kThreads, kBytes,
           static_cast<cudaStream_t>(stream), p, static_cast<const T*>(x),
           static_cast<const T*>(weight), bias, static_cast<T*>(y), parts);
    return static_cast<int>(cudaGetLastError());
  };
  const auto with_width = [&](auto element) {
    if (p.heads == 4) return run(element, std::integral_constant<int, 64>{});
    if (p.heads == 8) return run(element, std::integral_constant<int, 32>{});
    return run(element, std::integral_constant<int, 16>{});
  };
  return p.storage == Storage::kHalf ? with_width(__half{}) : with_width(__nv_bfloat16{});
}

}  // namespace regard::kernels::cuda
