// Matrices of 16-bit numbers for tests of kernels; after a kernel, or with REGARD_EMULATE_CUDA.
#pragma once

#include <vector>

#include "emulated/values.hpp"
#include "regard/kernels/cuda/storage-device.cuh"

namespace regard::testing {

/// Numbers of a 16-bit type, in memory on a boundary of 16 bytes with a guard behind them.
template <class T>
struct Matrix {
  explicit Matrix(int64_t count_)
      : count(count_), memory(static_cast<std::size_t>(count_ / 8 + 2)) {
    for (int64_t i = 0; i < count + 8; ++i) data()[i] = kernels::cuda::from_float<T>(77.0f);
  }
  Matrix(const Values& values, double scale) : Matrix(static_cast<int64_t>(values.size())) {
    for (int64_t i = 0; i < count; ++i) {
      data()[i] = kernels::cuda::from_float<T>(
          static_cast<float>(scale * values[static_cast<std::size_t>(i)]));
    }
  }
  T* data() { return reinterpret_cast<T*>(memory.data()); }
  double operator[](int64_t i) { return kernels::cuda::to_float(data()[i]); }
  bool guarded() {
    for (int64_t i = count; i < count + 8; ++i) {
      if ((*this)[i] != 77.0) return false;
    }
    return true;
  }
  int64_t count;
  std::vector<uint4> memory;
};

}  // namespace regard::testing
