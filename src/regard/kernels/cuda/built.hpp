// Whether this build holds the CUDA kernels. Without nvcc ops/no_cuda stands in for them and
// refuses.
#pragma once

namespace regard::kernels::cuda {

bool built();

/// The current GPU has compute capability 9.0, which warp-group products (wgmma) need.
bool on_hopper();

}  // namespace regard::kernels::cuda
