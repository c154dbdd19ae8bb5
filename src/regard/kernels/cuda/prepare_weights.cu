#include "regard/kernels/cuda/prepare_weights.hpp"

#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda {
namespace {

// A block makes kInto places of one head for kOthers rows (columns) of the other axis, a thread 4 x
// 4 of them; or it casts kCast numbers.
constexpr int kBasisThreads = 128, kInto = 64, kOthers = 32, kDepth = 64, kSide = 4, kCast = 4096;

/// As many as the arguments of a launch hold.
constexpr int kItems = 32;
struct Items {
  Weight of[kItems];
  unsigned end[kItems];  // blocks up to and with this one
};

template <class From, class To>
__device__ void cast(const From* from, To* to, int64_t count, int64_t first) {
  constexpr int kVector = 8;
#pragma unroll
  for (int n = 0; n < kCast / kVector / kBasisThreads; ++n) {
    const int64_t at = first + (n * kBasisThreads + threadIdx.x) * kVector;
    if (at + kVector <= count) {
      // Two loads of 16 bytes: alignments are those of the type times four at least.
      Pack<To, kVector> out;
      const auto low = *reinterpret_cast<const Pack<From, 4>*>(from + at),
                 high = *reinterpret_cast<const Pack<From, 4>*>(from + at + 4);
#pragma unroll
      for (int i = 0; i < kVector; ++i)
        out.x[i] = from_float<To>(to_float(i < 4 ? low.x[i % 4] : high.x[i % 4]));
      *reinterpret_cast<Pack<To, kVector>*>(to + at) = out;
    } else {
      for (int64_t i = at; i < count; ++i) to[i] = from_float<To>(to_float(from[i]));
    }
  }
}

struct Tile {
  int head, other, into;  // the first of each
};

/// Up to `left` of four neighbours.
template <class T>
__device__ inline void load_four(const T* from, int left, bool together, float (&four)[4]) {
  if (together && left >= 4) {
    const auto pack = *reinterpret_cast<const Pack<T, 4>*>(from);
#pragma unroll
    for (int e = 0; e < 4; ++e) four[e] = to_float(pack.x[e]);
    return;
  }
#pragma unroll
  for (int e = 0; e < 4; ++e) {
    if (e < left) four[e] = to_float(from[e]);
  }
}

template <class From, class To>
__device__ void multiply(const BasisProblem& p, const From* w, const float* extra, const float* u,
                         To* out, float* extra_out, const Tile& tile) {
  alignas(16) __shared__ float ws[kDepth][kOthers + kSide];
  alignas(16) __shared__ float us[kDepth][kInto + kSide];
  const int width = static_cast<int>(p.width), others = static_cast<int>(p.others);
  const int head = tile.head * width, other = tile.other, into = tile.into;
  // Steps from one place of the changing axis to the next, and of the other axis.
  const int64_t along = p.rows ? others : 1, across = p.rows ? 1 : p.heads * width;
  const int64_t corner = head * along + other * across;
  const int tid = threadIdx.x;
  const auto places = reinterpret_cast<uintptr_t>(w) | reinterpret_cast<uintptr_t>(u) |
                      reinterpret_cast<uintptr_t>(out);
  const bool fours = width % 4 == 0 && others % 4 == 0 && places % 16 == 0;
  float sum[kSide][kSide] = {};
  const int o = tid % (kOthers / kSide) * kSide, j = tid / (kOthers / kSide) * kSide;
  for (int start = 0; start < width; start += kDepth) {
    // Neighbouring threads read neighbouring fours, whichever axis these are on.
#pragma unroll 2
    for (int n = 0; n < kDepth * kOthers / 4 / kBasisThreads; ++n) {
      const int at = (tid + n * kBasisThreads) * 4;
      const int i = p.rows ? at / kOthers : at % kDepth, c = p.rows ? at % kOthers : at / kDepth;
      const From* const here = w + corner + (start + i) * along + c * across;
      // A four lies within a row of the matrix or, as the column of `extra`, behind it.
      float four[4] = {};
      if (start + i < width) {
        if (other + c < others) {
          load_four(here, p.rows ? others - other - c : width - start - i, fours, four);
        } else if (extra && other + c == others) {
          four[0] = extra[head + start + i];
        }
      }
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        if (p.rows) {
          ws[i][c + e] = four[e];
        } else {
          ws[i + e][c] = four[e];
        }
      }
      if (extra && p.rows && other + c < others && others - other - c < 4 && start + i < width) {
        ws[i][others - other] = extra[head + start + i];
      }
    }
#pragma unroll 2
    for (int n = 0; n < kDepth * kInto / 4 / kBasisThreads; ++n) {
      const int at = (tid + n * kBasisThreads) * 4;
      const int i = p.transposed ? at % kDepth : at / kInto,
                c = p.transposed ? at / kDepth : at % kInto;
      float four[4] = {};
      if (start + i < width && into + c < width) {
        const float* const here =
            u + (p.transposed ? (into + c) * width + start + i : (start + i) * width + into + c);
        load_four(here, p.transposed ? width - start - i : width - into - c, fours, four);
      }
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        if (p.transposed) {
          us[i + e][c] = four[e];
        } else {
          us[i][c + e] = four[e];
        }
      }
    }
    __syncthreads();
    const int depth = min(kDepth, width - start);
#pragma unroll 4
    for (int i = 0; i < depth; ++i) {
      const auto x = *reinterpret_cast<const Pack<float, kSide>*>(&ws[i][o]);
      const auto y = *reinterpret_cast<const Pack<float, kSide>*>(&us[i][j]);
#pragma unroll
      for (int m = 0; m < kSide; ++m) {
#pragma unroll
        for (int n = 0; n < kSide; ++n) sum[m][n] += x.x[m] * y.x[n];
      }
    }
    __syncthreads();
  }
  // Along rows of the matrix in fours: over m where its first axis changes, else over n.
#pragma unroll
  for (int a = 0; a < kSide; ++a) {
    Pack<To, kSide> four;
#pragma unroll
    for (int e = 0; e < kSide; ++e) four.x[e] = from_float<To>(p.rows ? sum[e][a] : sum[a][e]);
    const int place = into + j + (p.rows ? a : 0), column = other + o + (p.rows ? 0 : a);
    const int left = p.rows ? others - column : width - place;
    const bool inside = p.rows ? place < width : column < others;
    if (!inside) continue;
    To* const to = out + corner + (place)*along + (o + (p.rows ? 0 : a)) * across;
    if (fours && left >= kSide) {
      *reinterpret_cast<Pack<To, kSide>*>(to) = four;
    } else {
#pragma unroll
      for (int e = 0; e < kSide; ++e) {
        if (e < left) to[e] = four.x[e];
      }
    }
    if (!extra || !p.rows) continue;
#pragma unroll
    for (int e = 0; e < kSide; ++e) {
      if (column + e == others) extra_out[head + place] = sum[e][a];
    }
  }
}

int64_t parts(int64_t n, int64_t size) { return (n + size - 1) / size; }
int64_t size_of(const BasisProblem& p) { return p.heads * p.width * p.others; }

template <class From, class To>
__global__ __launch_bounds__(kBasisThreads, 6) void prepare(Items items) {
  int n = 0;
  while (blockIdx.x >= items.end[n]) ++n;
  const Weight& item = items.of[n];
  const auto* const from = static_cast<const From*>(item.w);
  auto* const to = static_cast<To*>(item.out);
  const unsigned block = blockIdx.x - (n == 0 ? 0 : items.end[n - 1]);
  const BasisProblem& p = item.problem;
  if (!item.u) {
    cast(from, to, p.heads * p.width * p.others, static_cast<int64_t>(block) * kCast);
    return;
  }
  const auto others =
                 static_cast<unsigned>((p.others + (item.extra ? 1 : 0) + kOthers - 1) / kOthers),
             heads = static_cast<unsigned>(p.heads);
  const Tile tile{static_cast<int>(block / others % heads),
                  static_cast<int>(block % others * kOthers),
                  static_cast<int>(block / others / heads * kInto)};
  multiply(p, from, item.extra, item.u, to, item.extra_out, tile);
}

int64_t blocks_of(const Weight& item) {
  const auto& p = item.problem;
  if (!item.u) return parts(size_of(p), kCast);
  return parts(p.others + (item.extra ? 1 : 0), kOthers) * p.heads * parts(p.width, kInto);
}

bool aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 16 == 0; }

}  // namespace

int prepare_weights(const std::vector<Weight>& weights, Storage from, Storage to, void* stream) {
  for (const Weight& item : weights) {
    const bool fits = item.u ? item.problem.rows || !item.extra
                             : !item.extra && aligned(item.w) && aligned(item.out);
    if (!fits) return static_cast<int>(cudaErrorInvalidValue);
  }
  return with_storage(from, [&](auto from_type) {
    return with_storage(to, [&](auto to_type) {
      Items items;
      int count = 0;
      int64_t blocks = 0;
      const auto flush = [&] {
        if (blocks > 0) {
          launch(prepare<decltype(from_type), decltype(to_type)>,
                 dim3(static_cast<unsigned>(blocks)), kBasisThreads, 0,
                 static_cast<cudaStream_t>(stream), items);
        }
        count = 0;
        blocks = 0;
      };
      for (const Weight& item : weights) {
        if (size_of(item.problem) == 0) continue;
        if (count == kItems) flush();
        blocks += blocks_of(item);
        items.of[count] = item;
        items.end[count++] = static_cast<unsigned>(blocks);
      }
      flush();
      return static_cast<int>(cudaGetLastError());
    });
  });
}

}  // namespace regard::kernels::cuda
