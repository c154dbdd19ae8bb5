#include "regard/kernels/cuda/change_basis.hpp"

#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda {
namespace {

constexpr int kBasisThreads = 256;

template <class From, class To>
__global__ __launch_bounds__(kBasisThreads) void multiply(BasisProblem p, const From* w,
                                                          const float* u, To* out) {
  const int64_t changed = p.heads * p.width;
  const int64_t index = blockIdx.x * static_cast<int64_t>(kBasisThreads) + threadIdx.x;
  if (index >= changed * p.others) return;
  const int64_t inner = p.rows ? p.others : changed;
  const int64_t row = index / inner, column = index % inner;
  const int64_t at = p.rows ? row : column, j = at % p.width;
  const int64_t stride = p.rows ? inner : 1;
  const From* const from = w + index - j * stride;
  const float* const by = p.transposed ? u + j * p.width : u + j;
  const int64_t step = p.transposed ? 1 : p.width;
  float sum[4] = {};
  int64_t i = 0;
  for (; i + 4 <= p.width; i += 4) {
#pragma unroll
    for (int k = 0; k < 4; ++k) sum[k] += to_float(from[(i + k) * stride]) * by[(i + k) * step];
  }
  for (; i < p.width; ++i) sum[0] += to_float(from[i * stride]) * by[i * step];
  out[index] = from_float<To>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

}  // namespace

int change_basis(const BasisProblem& p, Storage from, const void* w, const float* u, Storage to,
                 void* out, void* stream) {
  const int64_t count = p.heads * p.width * p.others;
  if (count == 0) return 0;
  const auto blocks = static_cast<unsigned>((count + kBasisThreads - 1) / kBasisThreads);
  return with_storage(from, [&](auto from_type) {
    return with_storage(to, [&](auto to_type) {
      using From = decltype(from_type);
      using To = decltype(to_type);
      launch(multiply<From, To>, dim3(blocks), kBasisThreads, 0, static_cast<cudaStream_t>(stream),
             p, static_cast<const From*>(w), u, static_cast<To*>(out));
      return static_cast<int>(cudaGetLastError());
    });
  });
}

}  // namespace regard::kernels::cuda
