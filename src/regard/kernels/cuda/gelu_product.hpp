// A product with a weight and the GELU around it in one kernel each way (Hopper). What the product
// sums never goes to memory and back before its GELU, or before the slope of it.
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

/// x (rows, depth) times a weight with `columns` columns.
struct GeluProduct {
  Storage storage;  ///< kHalf or kBFloat16
  int64_t rows, depth, columns;
};

/// Compute capability 9.0, depth 128 or 256, columns a multiple of 256; all matrices contiguous on
/// boundaries of 16 bytes.
bool gelu_product_takes(const GeluProduct& problem);

/// before = x W^T in 16 bits, y = gelu(before + bias); weight (columns, depth), bias (columns)
/// fp32. Returns 0 or a cudaError_t.
int gelu_product(const GeluProduct& problem, const void* x, const void* weight, const float* bias,
                 void* before, void* y, void* stream);

/// Floats of scratch memory of the backward.
int64_t gelu_product_scratch(const GeluProduct& problem);

/// The way back through the GELU from behind the next layer: dbefore = (dy W) o gelu'(before +
/// bias), with dy (rows, depth) and the weight (depth, columns) of that layer; dbias = sums of
/// dbefore over rows, fp32, in a fixed order.
int gelu_product_backward(const GeluProduct& problem, const void* dy, const void* weight,
                          const float* bias, const void* before, void* dbefore, float* dbias,
                          float* scratch, void* stream);

}  // namespace regard::kernels::cuda
