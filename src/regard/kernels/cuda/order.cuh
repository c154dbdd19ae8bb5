// Kernels that follow each other begin at opposite ends of their rows: the L2 cache holds what the
// one before read and wrote last. Products of cuBLAS begin with the first row, so what comes right
// before or after them begins with the last. Each kernel always takes the same order, so that its
// sums always have the same bits.
#pragma once

#include "regard/kernels/cuda/device.cuh"

namespace regard::kernels::cuda {

/// Place i of `count` from the last one on; a place behind them stays behind them.
template <class I>
__device__ inline I from_last(I i, I count) {
  return i < count ? count - 1 - i : i;
}

}  // namespace regard::kernels::cuda
