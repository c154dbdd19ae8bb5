// Tensors come as tables in the parameters of a kernel: a recorded graph then needs no copy of
// them. A block takes one chunk of one tensor, which it finds by the number of its first block.
#include "regard/kernels/cuda/adamw.hpp"

#include "regard/kernels/cuda/order.cuh"
#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kSumVectors = 8, kUpdateVectors = 2;  // of 4 floats, a thread
constexpr unsigned kSumChunk = kThreads * kSumVectors * 4;
constexpr unsigned kUpdateChunk = kThreads * kUpdateVectors * 4;
// A longer tensor takes more rows of a table. A multiple of both chunks.
constexpr int64_t kMostCount = int64_t{1} << 30;

/// A gradient in its type. Its blocks branch together.
struct Gradient {
  const void* data;
  Storage storage;

  __device__ Gradient from(int64_t begin) const {
    const int64_t bytes = begin * (storage == Storage::kFloat ? 4 : 2);
    return {static_cast<const char*>(data) + bytes, storage};
  }
  __device__ bool whole_vectors() const {
    return reinterpret_cast<uintptr_t>(data) % (storage == Storage::kFloat ? 16 : 8) == 0;
  }
  __device__ float at(unsigned i) const {
    if (storage == Storage::kFloat) return static_cast<const float*>(data)[i];
    if (storage == Storage::kHalf) return to_float(static_cast<const __half*>(data)[i]);
    return to_float(static_cast<const __nv_bfloat16*>(data)[i]);
  }
  template <class T>
  __device__ float4 vector_of(unsigned i) const {
    const auto x = *reinterpret_cast<const Pack<T, 4>*>(static_cast<const T*>(data) + i);
    return {to_float(x.x[0]), to_float(x.x[1]), to_float(x.x[2]), to_float(x.x[3])};
  }
  __device__ float4 vector(unsigned i) const {
    if (storage == Storage::kFloat) return vector_of<float>(i);
    if (storage == Storage::kHalf) return vector_of<__half>(i);
    return vector_of<__nv_bfloat16>(i);
  }
};

// 3.5 and 3.6 KiB of the 4 KiB that every driver takes.
struct SumTable {
  static constexpr int kRows = 208;
  const void* g[kRows];
  unsigned count[kRows], first[kRows];
  unsigned char storage[kRows];
  int rows;

  __device__ Gradient gradient(int row) const {
    return {g[row], static_cast<Storage>(storage[row])};
  }
};
struct UpdateTable {
  static constexpr int kRows = 80;
  float *w[kRows], *m[kRows], *v[kRows];
  const void* g[kRows];
  unsigned count[kRows], first[kRows];
  float decay[kRows];
  unsigned char storage[kRows];
  int rows;

  __device__ Gradient gradient(int row) const {
    return {g[row], static_cast<Storage>(storage[row])};
  }
};

struct UpdateRule {
  float beta1, rest1, beta2, rest2, eps;
};

/// What the second kernel leaves to the third.
struct StepScalars {
  float skip;
  float lr;
  float rate;     // lr / (1 - b1^t)
  float root;     // 1 / sqrt(1 - b2^t)
  float inverse;  // 1 / divisor of the gradients
  float unused[3];
};
constexpr int64_t kScalars = sizeof(StepScalars) / sizeof(float);

template <class Table>
__device__ inline int row_of(const Table& table, unsigned block) {
  int low = 0, high = table.rows;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (table.first[middle] <= block ? low : high) = middle;
  }
  return low;
}

__device__ inline bool whole_vectors(const void* x) {
  return reinterpret_cast<uintptr_t>(x) % sizeof(float4) == 0;
}

__global__ __launch_bounds__(kThreads) void squares(SumTable table, float* parts) {
  __shared__ float warps[kThreads / 32];
  const unsigned block = from_last(blockIdx.x, gridDim.x);
  const int row = row_of(table, block);
  const int64_t begin = static_cast<int64_t>(block - table.first[row]) * kSumChunk;
  const Gradient g = table.gradient(row).from(begin);
  const auto count = static_cast<unsigned>(min(table.count[row] - begin, int64_t{kSumChunk}));
  const unsigned thread = threadIdx.x;
  float sum = 0.0f;
  unsigned rest = 0;
  if (g.whole_vectors()) {
    rest = count - count % 4;
    float4 x[kSumVectors];
#pragma unroll
    for (int i = 0; i < kSumVectors; ++i) {
      const unsigned at = (i * kThreads + thread) * 4;
      x[i] = at < rest ? g.vector(at) : float4{0.0f, 0.0f, 0.0f, 0.0f};
    }
#pragma unroll
    for (int i = 0; i < kSumVectors; ++i) {
      sum += (x[i].x * x[i].x + x[i].y * x[i].y) + (x[i].z * x[i].z + x[i].w * x[i].w);
    }
  }
  for (unsigned at = rest + thread; at < count; at += kThreads) sum += g.at(at) * g.at(at);
#pragma unroll
  for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
  if (thread % 32 == 0) warps[thread / 32] = sum;
  __syncthreads();
  if (thread == 0) {
    for (int i = 1; i < kThreads / 32; ++i) sum += warps[i];
    parts[block] = sum;
  }
}

__global__ __launch_bounds__(kThreads) void finish(const float* parts, int64_t count,
                                                   AdamWRule rule, StepState state,
                                                   StepScalars* scalars) {
  __shared__ double sums[kThreads];
  __shared__ double corrections[2];
  const unsigned thread = threadIdx.x;
  // All loads before the first of them is waited for.
  const float loss = *state.loss, updates = *state.updates;
  const double lr = *state.lr;
  const int64_t step = *state.step;
  int64_t bad_step = *state.bad_step;
  if (thread < 2) {
    const double t = static_cast<double>(updates) + 1.0;
    corrections[thread] = 1.0 - pow(thread == 0 ? rule.beta1 : rule.beta2, t);
  }
  double sum = 0.0;
#pragma unroll 4
  for (int64_t i = thread; i < count; i += kThreads) sum += parts[i];
  sums[thread] = sum;
  __syncthreads();
  for (unsigned half = kThreads / 2; half > 0; half /= 2) {
    if (thread < half) sums[thread] += sums[thread + half];
    __syncthreads();
  }
  if (thread != 0) return;
  const auto norm = static_cast<float>(sqrt(sums[0]));
  const float both = loss + norm;
  float* const row = state.ring + step % state.capacity * 2;
  row[0] = loss;
  row[1] = norm;
  // x - x is not 0 exactly for infinities and NaN.
  if (both - both != 0.0f && bad_step < 0) *state.bad_step = bad_step = step;
  const float skip = bad_step >= 0 ? 1.0f : 0.0f;
  *state.bad = skip;
  *state.updates = updates + (1.0f - skip);
  const double over = rule.clip > 0 ? norm / rule.clip : 1.0;
  scalars->skip = skip;
  scalars->lr = static_cast<float>(lr);
  scalars->rate = static_cast<float>(lr / corrections[0]);
  scalars->root = static_cast<float>(1.0 / sqrt(corrections[1]));
  scalars->inverse = static_cast<float>(over > 1.0 ? 1.0 / over : 1.0);
}

struct Element {
  float w, m, v;
};

__device__ inline Element updated(Element x, float g, const UpdateRule& rule, const StepScalars& s,
                                  float decay) {
  g *= s.inverse;
  x.m = rule.beta1 * x.m + rule.rest1 * g;
  x.v = rule.beta2 * x.v + rule.rest2 * g * g;
  // One sum of small terms, then one rounding of w: 1 - lr decay would lose digits of the decay.
  x.w -= decay * x.w + s.rate * x.m / (sqrtf(x.v) * s.root + rule.eps);
  return x;
}

__global__ __launch_bounds__(kThreads) void update(UpdateTable table, UpdateRule rule,
                                                   const StepScalars* scalars) {
  const int row = row_of(table, blockIdx.x);
  const int64_t begin = static_cast<int64_t>(blockIdx.x - table.first[row]) * kUpdateChunk;
  float *const w = table.w[row] + begin, *const m = table.m[row] + begin,
               *const v = table.v[row] + begin;
  const Gradient g = table.gradient(row).from(begin);
  const auto count = static_cast<unsigned>(min(table.count[row] - begin, int64_t{kUpdateChunk}));
  unsigned rest = 0;
  float4 all[kUpdateVectors][4];
  if (whole_vectors(w) && g.whole_vectors() && whole_vectors(m) && whole_vectors(v)) {
    rest = count - count % 4;
    // All loads before anything waits.
#pragma unroll
    for (int i = 0; i < kUpdateVectors; ++i) {
      const unsigned at = (i * kThreads + threadIdx.x) * 4;
      if (at >= rest) continue;
      all[i][0] = *reinterpret_cast<const float4*>(w + at);
      all[i][1] = g.vector(at);
      all[i][2] = *reinterpret_cast<const float4*>(m + at);
      all[i][3] = *reinterpret_cast<const float4*>(v + at);
    }
  }
  const StepScalars s = *scalars;
  if (s.skip != 0.0f) return;
  const float decay = s.lr * table.decay[row];
#pragma unroll
  for (int i = 0; i < kUpdateVectors; ++i) {
    const unsigned at = (i * kThreads + threadIdx.x) * 4;
    if (at >= rest) continue;
    const auto [w4, g4, m4, v4] = all[i];
    const auto x = updated({w4.x, m4.x, v4.x}, g4.x, rule, s, decay);
    const auto y = updated({w4.y, m4.y, v4.y}, g4.y, rule, s, decay);
    const auto z = updated({w4.z, m4.z, v4.z}, g4.z, rule, s, decay);
    const auto u = updated({w4.w, m4.w, v4.w}, g4.w, rule, s, decay);
    *reinterpret_cast<float4*>(w + at) = {x.w, y.w, z.w, u.w};
    *reinterpret_cast<float4*>(m + at) = {x.m, y.m, z.m, u.m};
    *reinterpret_cast<float4*>(v + at) = {x.v, y.v, z.v, u.v};
  }
  for (unsigned at = rest + threadIdx.x; at < count; at += kThreads) {
    const auto x = updated({w[at], m[at], v[at]}, g.at(at), rule, s, decay);
    w[at] = x.w;
    m[at] = x.m;
    v[at] = x.v;
  }
}

unsigned chunks_of(int64_t count, unsigned chunk) {
  return static_cast<unsigned>((count + chunk - 1) / chunk);
}

/// f(tensor, offset, count) for pieces of at most kMostCount elements; without the empty ones.
template <class F>
void for_pieces(const AdamWTensor* tensors, int64_t count, const F& f) {
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t at = 0; at < tensors[i].count; at += kMostCount) {
      const int64_t rest = tensors[i].count - at;
      f(tensors[i], at, static_cast<unsigned>(rest < kMostCount ? rest : kMostCount));
    }
  }
}

/// Fills tables and launches each when it is full: fill(table, row, tensor, offset), run(table,
/// blocks).
template <class Table, class Fill, class Run>
void with_tables(const AdamWTensor* tensors, int64_t count, unsigned chunk, const Fill& fill,
                 const Run& run) {
  Table table{};
  unsigned blocks = 0;
  const auto flush = [&] {
    if (table.rows > 0) run(table, blocks);
    table.rows = 0;
    blocks = 0;
  };
  for_pieces(tensors, count, [&](const AdamWTensor& tensor, int64_t offset, unsigned size) {
    if (table.rows == Table::kRows || blocks > (1u << 30)) flush();
    const int row = table.rows++;
    table.count[row] = size;
    table.first[row] = blocks;
    fill(table, row, tensor, offset);
    blocks += chunks_of(size, chunk);
  });
  flush();
}

template <class Table>
void put_gradient(Table& table, int row, const AdamWTensor& tensor, int64_t offset) {
  table.g[row] = static_cast<const char*>(tensor.g) + offset * bytes_of(tensor.storage);
  table.storage[row] = static_cast<unsigned char>(tensor.storage);
}

int64_t sum_parts_of(const AdamWTensor* tensors, int64_t count) {
  int64_t parts = 0;
  for_pieces(tensors, count, [&](const AdamWTensor&, int64_t, unsigned size) {
    parts += chunks_of(size, kSumChunk);
  });
  return parts;
}

}  // namespace

int64_t adamw_scratch(const AdamWTensor* tensors, int64_t count) {
  return kScalars + sum_parts_of(tensors, count);
}

int adamw_step(const AdamWTensor* tensors, int64_t count, const AdamWRule& rule,
               const StepState& state, float* scratch, void* stream) {
  const auto on = static_cast<cudaStream_t>(stream);
  auto* const scalars = reinterpret_cast<StepScalars*>(scratch);
  float* const parts = scratch + kScalars;
  int64_t summed = 0;
  with_tables<SumTable>(
      tensors, count, kSumChunk,
      [](SumTable& table, int row, const AdamWTensor& tensor, int64_t offset) {
        put_gradient(table, row, tensor, offset);
      },
      [&](const SumTable& table, unsigned blocks) {
        launch(squares, blocks, kThreads, 0, on, table, parts + summed);
        summed += blocks;
      });
  launch(finish, 1, kThreads, 0, on, static_cast<const float*>(parts), summed, rule, state,
         scalars);
  const UpdateRule rates = {static_cast<float>(rule.beta1), static_cast<float>(1 - rule.beta1),
                            static_cast<float>(rule.beta2), static_cast<float>(1 - rule.beta2),
                            static_cast<float>(rule.eps)};
  with_tables<UpdateTable>(
      tensors, count, kUpdateChunk,
      [](UpdateTable& table, int row, const AdamWTensor& tensor, int64_t offset) {
        table.w[row] = tensor.w + offset;
        put_gradient(table, row, tensor, offset);
        table.m[row] = tensor.m + offset;
        table.v[row] = tensor.v + offset;
        table.decay[row] = tensor.decay;
      },
      [&](const UpdateTable& table, unsigned blocks) {
        launch(update, blocks, kThreads, 0, on, table, rates,
               static_cast<const StepScalars*>(scalars));
      });
  return static_cast<int>(cudaGetLastError());
}

}  // namespace regard::kernels::cuda
