// As in gelu_product.cu a block keeps the weight in shared memory, and two pairs of 128 threads
// take tiles of 64 rows in turn, so that one multiplies while the other works on its sums. Of a row
// each half of a pair has 128 columns, four lanes 32 each.
#include "regard/kernels/cuda/product_norm.hpp"

#include "regard/kernels/cuda/cluster.cuh"
#include "regard/kernels/cuda/group-products.cuh"
#include "regard/kernels/cuda/order.cuh"
#include "regard/kernels/cuda/philox-device.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kWidth = 256, kHalf = kWidth / 2, kPairs = 2, kPairThreads = 256,
              kThreads = kPairs * kPairThreads;
constexpr int kRows = 64, kStage = 16 * kRowBytes;
[[maybe_unused]] constexpr int kPiece = 8,
                               kPieces =
                                   kWidth / kPiece;  // numbers in 16 bytes, and those of a row
constexpr int kTile = kRows * kWidth * 2, kTiles = kWidth * kWidth * 2,
              kStages = kTiles + kPairs * kTile, kSlots = kStages + kThreads / 32 * kStage,
              kBytes = kSlots + 2 * kPairs * kRows * 8 + kBoundary;
static_assert(kBytes <= 227 * 1024, "all that a block may have");

struct Vectors {
  const float *bias, *gamma, *beta;
};

/// Two neighbours of a vector that all rows share, zeros where there is none. They stay in the
/// first cache.
[[maybe_unused]] __device__ inline float2 two_of(const float* vector, int column) {
  return vector ? *reinterpret_cast<const float2*>(vector + column) : float2{0.0f, 0.0f};
}

/// Bits 2 j and 2 j + 1: whether the two elements of this thread in block j of 8 columns stay, of
/// row `row` and of row + 8. A draw has four elements, those of two lanes: each lane draws one of
/// the two rows and hands over what is the other's.
[[maybe_unused]] __device__ inline void draw_kept(const DropoutDraw& draw, int64_t step,
                                                  int64_t row, int half, int lane,
                                                  unsigned (&kept)[2]) {
  const int odd = lane % 2;
  const int64_t block = (row + 8 * odd) * (kWidth / 4) + half * (kHalf / 4) + lane % 4 / 2;
  unsigned mine = 0, others = 0;
#pragma unroll 2
  for (int j = 0; j < 16; ++j) {
    float factors[4];
    dropout_factors(draw, step, block + 2 * j, factors);
    const unsigned low = (factors[0] > 0 ? 1u : 0u) | (factors[1] > 0 ? 2u : 0u),
                   high = (factors[2] > 0 ? 1u : 0u) | (factors[3] > 0 ? 2u : 0u);
    mine |= (odd ? high : low) << 2 * j;
    others |= (odd ? low : high) << 2 * j;
  }
  const unsigned given = __float_as_uint(__shfl_xor_sync(~0u, __uint_as_float(others), 1));
  kept[0] = odd ? given : mine;
  kept[1] = odd ? mine : given;
}

/// As unpack_two, with fewer registers on the way: bf16 are the upper bits of fp32.
template <class T>
__device__ inline float2 two_in(unsigned bits) {
  if constexpr (std::is_same_v<T, __half>) return unpack_two<T>(bits);
  return {__uint_as_float(bits << 16), __uint_as_float(bits & 0xffff0000u)};
}

[[maybe_unused]] __device__ inline float quad_sum(float x) {
  x += __shfl_xor_sync(~0u, x, 1);
  return x + __shfl_xor_sync(~0u, x, 2);
}

template <class T, bool drops>
__global__ __launch_bounds__(kThreads, 1) void multiply_add_norm(AddNormProblem p, const T* in,
                                                                 const T* weight, Vectors vectors,
                                                                 const T* x, T* x_out, T* h,
                                                                 float* stats) {
#if defined(REGARD_GROUP_PRODUCTS)
  constexpr int kChunk = 64;  // columns that a warp stages at a time
  auto* base = dynamic_shared<unsigned char>();
  base +=
      (kBoundary - static_cast<unsigned>(__cvta_generic_to_shared(base)) % kBoundary) % kBoundary;
  const int pair = threadIdx.x / kPairThreads, thread = threadIdx.x % kPairThreads;
  const int half = thread / 128, warp = thread % 128 / 32, lane = thread % 32;
  unsigned char* const tile_at = base + kTiles + pair * kTile;
  unsigned char* const stage = base + kStages + threadIdx.x / 32 * kStage;
  // Mean and squares about it of the half of a row, (half, row).
  float2* const slots = reinterpret_cast<float2*>(base + kSlots) + pair * (2 * kRows);
  const int rows = static_cast<int>(p.rows), tiles = (rows + kRows - 1) / kRows;
  // Of a matrix of rows: how many follow from a tile on, and the first number of it.
  const auto rows_of = [&](int tile) { return rows - tile * kRows; };
  const auto start_of = [&](int tile) { return static_cast<unsigned>(tile * kRows) * kWidth; };
  const int stride = static_cast<int>(gridDim.x) * kPairs;

#pragma unroll 4
  for (int i = threadIdx.x; i < kWidth * kPieces; i += kThreads) {
    const int row = i / kPieces, piece = i % kPieces;
    copy_async(base + place_of(row, piece, kWidth), weight + i * kPiece, true);
  }
  const auto fetch_rows = [&](int tile) {
    constexpr int kStep = kPairThreads / kPieces;
    if (tile < tiles) {
      tile = from_last(tile, tiles);
      const int row0 = thread / kPieces, piece = thread % kPieces, left = rows_of(tile) - row0;
      const T* const from = in + start_of(tile) + thread * kPiece;
#pragma unroll
      for (int i = 0; i < kRows; i += kStep) {
        copy_async(tile_at + place_of(row0, piece, kRows) + i * kRowBytes, from + i * kWidth,
                   i < left);
      }
    }
    copies_commit();
  };
  // A warp stages 16 rows of 64 columns: 8 lanes a row, 4 rows at a time.
  const int staged_row = lane / 8, staged_piece = lane % 8;
  const int staged_column = half * kHalf + staged_piece * kPiece;
  const int first_row = warp * 16 + staged_row, first_number = first_row * kWidth + staged_column;
  const int staged_at = place_of(staged_row, staged_piece, 16);
  const auto staged = [&](int i) { return stage + (staged_at ^ i % 2 * 64) + 4 * i * kRowBytes; };
  const auto fetch_stream = [&](int tile) {
    if (tile < tiles) {
      tile = from_last(tile, tiles);
      const int left = rows_of(tile) - first_row;
      const T* const from = x + start_of(tile) + first_number;
#pragma unroll
      for (int i = 0; i < 4; ++i) copy_async(staged(i), from + 4 * i * kWidth, 4 * i < left);
    }
    copies_commit();
  };
  const int first = static_cast<int>(blockIdx.x) * kPairs;
  fetch_rows(first + pair);
  fetch_stream(first + pair);
  copies_wait<0>();
  publish_to_products();
  __syncthreads();

  const int block_row = lane % 8 + lane / 8 % 2 * 8, block_piece = lane / 16;
  // The swizzle as one of addresses.
  const int block_at = block_row * kRowBytes + (block_piece ^ block_row % 8) * 16;
  const auto block_place = [&](int q) { return stage + (block_at ^ 32 * q); };
  const int my_row = warp * 16 + lane / 4, my_column = half * kHalf + 2 * (lane % 4);
  const auto write = [&](T* matrix, int tile) {
    __syncwarp();
    const int left = rows_of(tile) - first_row;
    T* const to = matrix + start_of(tile) + first_number;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (4 * i < left) {
        *reinterpret_cast<uint4*>(to + 4 * i * kWidth) = *reinterpret_cast<const uint4*>(staged(i));
      }
    }
    __syncwarp();
  };
  // Both pairs take the same number of turns.
  for (int turn = first; turn < tiles; turn += stride) {
    const int taken = turn + pair;
    const bool on = taken < tiles;
    const int tile = from_last(taken, tiles);
    uint4 later[4] = {};  // the second chunk of the stream
    unsigned kept[2] = {~0u, ~0u};
    float d[64];
    if (drops && on) {
      draw_kept(p.draw, *p.draw.step, static_cast<int64_t>(tile) * kRows + my_row, half, lane,
                kept);
    }
    copies_wait<1>();
    publish_to_products();
    part_barrier<kPairThreads>(pair + 1);
    if (on) {
      products_begin();
#pragma unroll
      for (int k = 0; k < kWidth / 16; ++k) {
        multiply<T, false>(
            d, along_rows(tile_at + k / 4 * (kRows * kRowBytes) + k % 4 * 32),
            along_rows(base + (k / 4 * kWidth + half * kHalf) * kRowBytes + k % 4 * 32), k > 0);
      }
      const int left = rows_of(tile) - first_row;
      const T* const from = x + start_of(tile) + first_number + kChunk;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (4 * i < left) later[i] = *reinterpret_cast<const uint4*>(from + 4 * i * kWidth);
      }
      products_end(d);
    }
    part_barrier<kPairThreads>(pair + 1);
    fetch_rows(taken + stride);
    if (on) {
      float mean[2] = {};
      copies_wait<1>();
      __syncwarp();
#pragma unroll
      for (int chunk = 0; chunk < 2; ++chunk) {
        if (chunk == 1) {
#pragma unroll
          for (int i = 0; i < 4; ++i) *reinterpret_cast<uint4*>(staged(i)) = later[i];
          __syncwarp();
        }
#pragma unroll
        for (int q = 0; q < 4; ++q) {
          const int j = 8 * chunk + 2 * q;
          unsigned char* const place = block_place(q);
          const float2 shifts[2] = {two_of(vectors.bias, my_column + 8 * j),
                                    two_of(vectors.bias, my_column + 8 * j + 8)};
          unsigned r[4];
          load_blocks(r, place);
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            float &one = d[4 * j + 2 * i], &two = d[4 * j + 2 * i + 1];
            const float2 shift = shifts[i / 2], before = two_in<T>(r[i]),
                         value = two_in<T>(pack_two<T>(one, two));
            float2 factors{1.0f, 1.0f};
            if constexpr (drops) {
              const unsigned bits = kept[i % 2] >> 2 * (j + i / 2);
              factors = {bits & 1 ? p.draw.keep : 0.0f, bits & 2 ? p.draw.keep : 0.0f};
            }
            r[i] = pack_two<T>(before.x + (value.x + shift.x) * factors.x,
                               before.y + (value.y + shift.y) * factors.y);
            // The norm sees what the stream keeps.
            const float2 sum = two_in<T>(r[i]);
            one = sum.x;
            two = sum.y;
          }
          store_blocks(place, r);
        }
        write(x_out + chunk * kChunk, tile);
      }
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        if (p.centred) {
#pragma unroll
          for (int j = 0; j < 16; ++j) mean[i] += d[4 * j + 2 * i] + d[4 * j + 2 * i + 1];
          mean[i] = quad_sum(mean[i]) / kHalf;
        }
        float square = 0.0f;
#pragma unroll
        for (int j = 0; j < 16; ++j) {
          const float one = d[4 * j + 2 * i] - mean[i], two = d[4 * j + 2 * i + 1] - mean[i];
          square += one * one + two * two;
        }
        square = quad_sum(square);
        if (lane % 4 == 0) slots[half * kRows + my_row + 8 * i] = float2{mean[i], square};
      }
    }
    part_barrier<kPairThreads>(pair + 1);
    if (on) {
      float mean[2], inverse[2];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        // Of both halves (Chan, Golub, LeVeque 1983): equal bits in both.
        const float2 a = slots[my_row + 8 * i], b = slots[kRows + my_row + 8 * i];
        const float apart = a.x - b.x;
        mean[i] = 0.5f * (a.x + b.x);
        inverse[i] = rsqrtf((a.y + b.y + apart * apart * (0.5f * kHalf)) / kWidth + p.eps);
        const int64_t row = static_cast<int64_t>(tile) * kRows + my_row + 8 * i;
        if (half == 0 && lane % 4 == 0 && row < p.rows) {
          *reinterpret_cast<float2*>(stats + 2 * row) = float2{mean[i], inverse[i]};
        }
      }
#pragma unroll
      for (int chunk = 0; chunk < 2; ++chunk) {
#pragma unroll
        for (int q = 0; q < 4; ++q) {
          const int j = 8 * chunk + 2 * q;
          unsigned r[4];
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            const int column = my_column + 8 * (j + i / 2);
            const float2 scale = two_of(vectors.gamma, column),
                         shift = two_of(vectors.beta, column);
            const float one = d[4 * j + 2 * i] - mean[i % 2],
                        two = d[4 * j + 2 * i + 1] - mean[i % 2];
            r[i] = pack_two<T>(one * inverse[i % 2] * scale.x + shift.x,
                               two * inverse[i % 2] * scale.y + shift.y);
          }
          store_blocks(block_place(q), r);
        }
        write(h + chunk * kChunk, tile);
      }
    }
    fetch_stream(taken + stride);
  }
  copies_wait<0>();
#endif
}

}  // namespace

bool product_norm_takes(const AddNormProblem& p) {
  constexpr int64_t kMostRows = (int64_t{1} << 31) / kWidth - kRows;
  return p.rows > 0 && p.rows <= kMostRows && p.width == kWidth && p.stream == p.branch &&
         p.branch != Storage::kFloat && has_group_products();
}

int product_norm(const AddNormProblem& problem, const void* rows, const void* weight,
                 const float* bias, const void* x, const float* gamma, const float* beta,
                 void* x_out, void* h, float* stats, void* stream) {
  if (!product_norm_takes(problem)) return static_cast<int>(cudaErrorInvalidValue);
  const int64_t tiles = (problem.rows + kRows - 1) / kRows, turns = (tiles + kPairs - 1) / kPairs;
  const int64_t blocks = min(turns, static_cast<int64_t>(multiprocessors()));
  const auto run = [&](auto element, auto drops) {
    using T = decltype(element);
    launch(multiply_add_norm<T, drops.value>, static_cast<unsigned>(blocks), kThreads, kBytes,
           static_cast<cudaStream_t>(stream), problem, static_cast<const T*>(rows),
           static_cast<const T*>(weight), Vectors{bias, gamma, beta}, static_cast<const T*>(x),
           static_cast<T*>(x_out), static_cast<T*>(h), stats);
    return static_cast<int>(cudaGetLastError());
  };
  const auto with = [&](auto element) {
    return problem.draw.step ? run(element, std::true_type{}) : run(element, std::false_type{});
  };
  return problem.branch == Storage::kHalf ? with(__half{}) : with(__nv_bfloat16{});
}

}  // namespace regard::kernels::cuda
