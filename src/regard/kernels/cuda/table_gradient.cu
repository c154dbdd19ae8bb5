// A block has 128 columns of the table, 64 of its rows for each 128 threads, and every n-th run of
// 64 tokens. Rows of ones stay in shared memory: of a run only its 64 ones are set, and taken back
// after its product.
#include "regard/kernels/cuda/table_gradient.hpp"

#include "regard/kernels/cuda/cluster.cuh"
#include "regard/kernels/cuda/group-products.cuh"
#include "regard/kernels/cuda/sum-parts.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kGroupRows = 64, kMostGroups = 5, kMostThreads = 128 * kMostGroups;
constexpr int kColumns = 128, kRun = 64;
// Runs on their way: of g, and their ids.
constexpr int kSlots = 4, kRowsBytes = kRun * kColumns * 2, kIdsBytes = kRun * 8;

int groups_of(int64_t rows) { return static_cast<int>((rows + kGroupRows - 1) / kGroupRows); }
int shared_bytes(int groups) {
  return kBoundary + kSlots * (kRowsBytes + kIdsBytes) + 2 * groups * kGroupRows * kRowBytes;
}

/// parts (worker, rows, width)
template <class T>
__global__ __launch_bounds__(kMostThreads, 1) void sum_rows_of_ids(TableGradient p, int groups,
                                                                   const T* g, const int64_t* ids,
                                                                   float* parts) {
#if defined(REGARD_GROUP_PRODUCTS)
  constexpr int kPiece = 8;  // numbers in 16 bytes
  auto* base = dynamic_shared<unsigned char>();
  base +=
      (kBoundary - static_cast<unsigned>(__cvta_generic_to_shared(base)) % kBoundary) % kBoundary;
  unsigned char* const ones = base + kSlots * kRowsBytes;
  const int ones_size = groups * kGroupRows * kRowBytes;
  auto* const ids_at = reinterpret_cast<int64_t*>(ones + 2 * ones_size);
  const int threads = groups * 128, group = threadIdx.x / 128, lane = threadIdx.x % 32;
  const int64_t first_column = static_cast<int64_t>(blockIdx.x) * kColumns;
  const int64_t runs = (p.tokens + kRun - 1) / kRun, stride = gridDim.y;

  const auto fetch = [&](int64_t run, int slot) {
    if (run < runs) {
      for (int i = threadIdx.x; i < kRun * kColumns / kPiece; i += threads) {
        const int row = i / (kColumns / kPiece), piece = i % (kColumns / kPiece);
        const int64_t token = run * kRun + row;
        copy_async(base + slot * kRowsBytes + place_of(row, piece, kRun),
                   g + token * p.width + first_column + piece * kPiece, token < p.tokens);
      }
      // Each of these threads reads what it copied itself.
      if (threadIdx.x < kRun) {
        const int64_t token = run * kRun + threadIdx.x;
        const bool on = token < p.tokens;
        copy_async_8(ids_at + slot * kRun + threadIdx.x, ids + (on ? token : 0), on);
      }
    }
    copies_commit();
  };
  const auto put = [&](int which, int64_t id, float value) {
    if (id < 0) return;
    const int row = static_cast<int>(id), token = threadIdx.x;
    *reinterpret_cast<T*>(ones + which * ones_size + row * kRowBytes +
                          (token / kPiece ^ row % 8) * 16 + token % kPiece * 2) =
        from_float<T>(value);
  };

  const int64_t first = blockIdx.y;
#pragma unroll
  for (int i = 0; i < kSlots - 1; ++i) fetch(first + i * stride, i);
  for (int i = threadIdx.x; i < 2 * ones_size / 16; i += threads) {
    reinterpret_cast<uint4*>(ones)[i] = uint4{0, 0, 0, 0};
  }
  __syncthreads();
  int64_t before[2] = {-1, -1};
  float d[64];
#pragma unroll
  for (int i = 0; i < 64; ++i) d[i] = 0.0f;
  int slot = 0, which = 0;
  for (int64_t run = first; run < runs; run += stride) {
    copies_wait<kSlots - 2>();
    // All products of the run before the last ended before the last barrier.
    int64_t id = -1;
    if (threadIdx.x < kRun && run * kRun + threadIdx.x < p.tokens) {
      id = ids_at[slot * kRun + threadIdx.x];
      if (id >= p.rows) id = -1;
    }
    put(which, before[1], 0.0f);
    put(which, id, 1.0f);
    before[1] = before[0];
    before[0] = id;
    publish_to_products();
    __syncthreads();
    products_begin();
#pragma unroll
    for (int k = 0; k < kRun / 16; ++k) {
      multiply<T, true>(
          d, along_rows(ones + which * ones_size + group * (kGroupRows * kRowBytes) + k * 32),
          across_rows(base + slot * kRowsBytes + k * 16 * kRowBytes, kRun * kRowBytes), true);
    }
    fetch(run + (kSlots - 1) * stride, (slot + kSlots - 1) % kSlots);
    products_end(d);
    slot = (slot + 1) % kSlots;
    which ^= 1;
  }
  copies_wait<0>();
  float* const to = parts + static_cast<int64_t>(blockIdx.y) * p.rows * p.width + first_column;
#pragma unroll
  for (int n = 0; n < 64; n += 2) {
    const int64_t row = group * kGroupRows + threadIdx.x % 128 / 32 * 16 + lane / 4 + n % 4 / 2 * 8;
    if (row < p.rows) {
      *reinterpret_cast<float2*>(to + row * p.width + n / 4 * 8 + lane % 4 * 2) =
          float2{d[n], d[n + 1]};
    }
  }
#endif
}

dim3 grid_of(const TableGradient& p) {
  const int64_t blocks = p.width / kColumns, runs = (p.tokens + kRun - 1) / kRun;
  const int64_t most = multiprocessors() / blocks, workers = most < 1      ? 1
                                                             : most < runs ? most
                                                                           : runs;
  return dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(workers));
}

}  // namespace

bool table_gradient_takes(const TableGradient& p) {
  return p.storage != Storage::kFloat && p.tokens > 0 && p.rows > 0 &&
         p.rows <= kGroupRows * kMostGroups && p.width > 0 && p.width % kColumns == 0 &&
         has_group_products();
}

int64_t table_gradient_scratch(const TableGradient& p) {
  return static_cast<int64_t>(grid_of(p).y) * p.rows * p.width;
}

int table_gradient(const TableGradient& p, const void* g, const int64_t* ids, float* dtable,
                   float* scratch, void* stream) {
  if (!table_gradient_takes(p)) return static_cast<int>(cudaErrorInvalidValue);
  const auto on = static_cast<cudaStream_t>(stream);
  const int groups = groups_of(p.rows);
  const auto run = [&](auto element) {
    using T = decltype(element);
    launch(sum_rows_of_ids<T>, grid_of(p), groups * 128, shared_bytes(groups), on, p, groups,
           static_cast<const T*>(g), ids, scratch);
    launch_sum_parts(scratch, static_cast<int>(grid_of(p).y), p.rows * p.width,
                     {{dtable, nullptr, nullptr}}, on);
    return static_cast<int>(cudaGetLastError());
  };
  return p.storage == Storage::kHalf ? run(__half{}) : run(__nv_bfloat16{});
}

}  // namespace regard::kernels::cuda
