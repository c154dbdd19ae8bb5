#include "regard/kernels/cuda/change_basis.hpp"

#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda {
namespace {

// A block makes kInto places of one head for kOthers rows (columns) of the other axis, kDepth summands at a time.
constexpr int kBasisThreads = 256, kInto = 64, kOthers = 32, kDepth = 32,
              kEach = kInto * kOthers / kBasisThreads;

template <class From, class To>
__global__ __launch_bounds__(kBasisThreads) void multiply(BasisProblem p, const From* w,
                                                          const float* u, To* out) {
  __shared__ float ws[kDepth][kOthers + 1], us[kDepth][kInto + 1];
  const int64_t row_length = p.rows ? p.others : p.heads * p.width;
  const int64_t head = blockIdx.y * p.width, other = blockIdx.x * static_cast<int64_t>(kOthers);
  const int64_t into = blockIdx.z * static_cast<int64_t>(kInto);
  const auto place = [&](int64_t i, int64_t o) {
    return p.rows ? (head + i) * row_length + other + o : (other + o) * row_length + head + i;
  };
  const int tid = threadIdx.x, mine = tid % kOthers, first = tid / kOthers * kEach;
  float sum[kEach] = {};
  for (int64_t start = 0; start < p.width; start += kDepth) {
    // Neighbouring threads read neighbouring elements, whichever axis these are on.
#pragma unroll
    for (int at = tid; at < kDepth * kOthers; at += kBasisThreads) {
      const int i = p.rows ? at / kOthers : at % kDepth, o = p.rows ? at % kOthers : at / kDepth;
      const bool inside = start + i < p.width && other + o < p.others;
      ws[i][o] = inside ? to_float(w[place(start + i, o)]) : 0.0f;
    }
#pragma unroll
    for (int at = tid; at < kDepth * kInto; at += kBasisThreads) {
      const int i = p.transposed ? at % kDepth : at / kInto,
                j = p.transposed ? at / kDepth : at % kInto;
      const bool inside = start + i < p.width && into + j < p.width;
      us[i][j] = !inside        ? 0.0f
                 : p.transposed ? u[(into + j) * p.width + start + i]
                                : u[(start + i) * p.width + into + j];
    }
    __syncthreads();
#pragma unroll 8
    for (int i = 0; i < kDepth; ++i) {
      const float x = ws[i][mine];
#pragma unroll
      for (int k = 0; k < kEach; ++k) sum[k] += x * us[i][first + k];
    }
    __syncthreads();
  }
  if (other + mine >= p.others) return;
#pragma unroll
  for (int k = 0; k < kEach; ++k) {
    if (into + first + k < p.width) out[place(into + first + k, mine)] = from_float<To>(sum[k]);
  }
}

}  // namespace

int change_basis(const BasisProblem& p, Storage from, const void* w, const float* u, Storage to,
                 void* out, void* stream) {
  if (p.heads * p.width * p.others == 0) return 0;
  const auto parts = [](int64_t n, int64_t size) {
    return static_cast<unsigned>((n + size - 1) / size);
  };
  const dim3 blocks(parts(p.others, kOthers), static_cast<unsigned>(p.heads),
                    parts(p.width, kInto));
  return with_storage(from, [&](auto from_type) {
    return with_storage(to, [&](auto to_type) {
      using From = decltype(from_type);
      using To = decltype(to_type);
      launch(multiply<From, To>, blocks, kBasisThreads, 0, static_cast<cudaStream_t>(stream), p,
             static_cast<const From*>(w), u, static_cast<To*>(out));
      return static_cast<int>(cudaGetLastError());
    });
  });
}

}  // namespace regard::kernels::cuda
