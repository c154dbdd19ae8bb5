// Products of 16-bit matrices by the algorithms that cuBLASLt proposes, one by one, so that a
// caller can try them. The library is the one that PyTorch has loaded.
#pragma once

#include <cstddef>
#include <cstdint>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

/// c (rows, columns) = a (rows, depth) b + bias (columns), all contiguous, fp32 sums; b is (depth,
/// columns), or (columns, depth) where `transposed`.
struct ProductProblem {
  Storage storage;  ///< kHalf or kBFloat16
  int64_t rows, columns, depth;
  bool transposed, bias;

  bool operator==(const ProductProblem&) const = default;
};

/// How many algorithms there are to try; 0 where the library is absent or has none.
int product_algorithms(const ProductProblem& problem);

/// Bytes of scratch memory of one of them.
std::size_t product_scratch(const ProductProblem& problem, int algorithm);

/// Returns 0 or an error.
int product(const ProductProblem& problem, int algorithm, const void* a, const void* b,
            const void* bias, void* c, void* scratch, void* stream);

/// Whether a stream is being recorded, so that nothing can be timed.
bool is_recording(void* stream);

}  // namespace regard::kernels::cuda
