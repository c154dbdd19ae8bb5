// Holographic attention as a differentiable operator (torch.ops.regard.hrr_forward), fp32 on CPUs:
// y_t = m_t e_t / Z v_t in the folded Fourier basis; kernels/cpu/hrr.hpp has the equations and the layout.
#pragma once

#include <torch/types.h>

namespace regard::ops {

struct HrrOptions {
  bool causal = false;
  bool time_scale = false;  ///< row t times its number of allowed keys
};

/// q, k, v (B, h, T, d) in the packed basis, d even, any strides (no copy where the last dimension is
/// contiguous); `lengths` undefined or int64 (B). Returns y (B, h, T, d), a view of (B, T, h, d).
torch::Tensor hrr(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                  const torch::Tensor& lengths, const HrrOptions& options);

}  // namespace regard::ops
