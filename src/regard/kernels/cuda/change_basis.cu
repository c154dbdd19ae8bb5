#include "regard/kernels/cuda/change_basis.hpp"

#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::kernels::cuda {
namespace {

// A block makes kInto places of one head for kOthers rows (columns) of the other axis, a thread 4 x 4 of them.
constexpr int kBasisThreads = 128, kInto = 64, kOthers = 32, kDepth = 64, kSide = 4;

template <class From, class To>
__global__ __launch_bounds__(kBasisThreads) void multiply(BasisProblem p, const From* w,
                                                          const float* extra, const float* u,
                                                          To* out, float* extra_out) {
  alignas(16) __shared__ float ws[kDepth][kOthers + kSide];
  alignas(16) __shared__ float us[kDepth][kInto + kSide];
  const int width = static_cast<int>(p.width), others = static_cast<int>(p.others);
  const int head = blockIdx.y * width, other = blockIdx.x * kOthers, into = blockIdx.z * kInto;
  // Steps from one place of the changing axis to the next, and of the other axis.
  const int64_t along = p.rows ? others : 1, across = p.rows ? 1 : p.heads * width;
  const int64_t corner = head * along + other * across;
  const int tid = threadIdx.x;
  float sum[kSide][kSide] = {};
  const int o = tid % (kOthers / kSide) * kSide, j = tid / (kOthers / kSide) * kSide;
  for (int start = 0; start < width; start += kDepth) {
    // Neighbouring threads read neighbouring elements, whichever axis these are on.
#pragma unroll
    for (int n = 0; n < kDepth * kOthers / kBasisThreads; ++n) {
      const int at = tid + n * kBasisThreads;
      const int i = p.rows ? at / kOthers : at % kDepth, c = p.rows ? at % kOthers : at / kDepth;
      float value = 0.0f;
      if (start + i < width) {
        if (other + c < others) {
          value = to_float(w[corner + (start + i) * along + c * across]);
        } else if (extra && other + c == others) {
          value = extra[head + start + i];
        }
      }
      ws[i][c] = value;
    }
#pragma unroll
    for (int n = 0; n < kDepth * kInto / kBasisThreads; ++n) {
      const int at = tid + n * kBasisThreads;
      const int i = p.transposed ? at % kDepth : at / kInto,
                c = p.transposed ? at / kDepth : at % kInto;
      const bool inside = start + i < width && into + c < width;
      const int place =
          p.transposed ? (into + c) * width + start + i : (start + i) * width + into + c;
      us[i][c] = inside ? u[place] : 0.0f;
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
#pragma unroll
  for (int m = 0; m < kSide; ++m) {
#pragma unroll
    for (int n = 0; n < kSide; ++n) {
      if (into + j + n >= width) continue;
      if (other + o + m < others) {
        out[corner + (into + j + n) * along + (o + m) * across] = from_float<To>(sum[m][n]);
      } else if (extra && other + o + m == others) {
        extra_out[head + into + j + n] = sum[m][n];
      }
    }
  }
}

}  // namespace

int change_basis(const BasisProblem& p, Storage from, const void* w, const float* extra,
                 const float* u, Storage to, void* out, float* extra_out, void* stream) {
  if (p.heads * p.width * p.others == 0) return 0;
  if (extra && !p.rows) return static_cast<int>(cudaErrorInvalidValue);
  const auto parts = [](int64_t n, int64_t size) {
    return static_cast<unsigned>((n + size - 1) / size);
  };
  const dim3 blocks(parts(p.others + (extra ? 1 : 0), kOthers), static_cast<unsigned>(p.heads),
                    parts(p.width, kInto));
  return with_storage(from, [&](auto from_type) {
    return with_storage(to, [&](auto to_type) {
      using From = decltype(from_type);
      using To = decltype(to_type);
      launch(multiply<From, To>, blocks, kBasisThreads, 0, static_cast<cudaStream_t>(stream), p,
             static_cast<const From*>(w), extra, u, static_cast<To*>(out), extra_out);
      return static_cast<int>(cudaGetLastError());
    });
  });
}

}  // namespace regard::kernels::cuda
