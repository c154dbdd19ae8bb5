// Products of 16-bit matrices by way of fp32, for compute-sanitizer: its racecheck ends with an
// error of its own at cuBLAS's kernels for 16 bits on Hopper, and takes those for fp32.
#pragma once

#include <torch/types.h>

namespace regard::bench {

/// From now on PyTorch's own products on `device` (mm, addmm, bmm) cast 16-bit operands to fp32 and
/// the result back: one rounding, as before. Our own products are not touched;
/// REGARD_TRY_PRODUCTS=0 sends those of cuBLASLt to PyTorch.
void widen_products(torch::Device device);

}  // namespace regard::bench
