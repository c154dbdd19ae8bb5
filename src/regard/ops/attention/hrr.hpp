// Holographic attention as a differentiable operator (torch.ops.regard.hrr_forward): fp32 and bf16
// on CPUs, and fp16 on GPUs. y_t = m_t e_t / Z v_t in the folded Fourier basis; kernels/cpu/hrr.hpp
// has the equations and layout.
#pragma once

#include <torch/types.h>

#include <string>

#include "regard/ops/block/linear.hpp"
#include "regard/ops/dispatch.hpp"

namespace regard::ops {

struct HrrOptions {
  bool causal = false;
  bool time_scale = false;      ///< row t times its number of allowed keys
  std::string unbind = "conj";  ///< conj, exact or unit; the last two on GPUs alone
  bool pads_in = false;         ///< rows behind the length enter S; not with causal
};

/// Whether the operator computes the problem, and why not. The graph is taken as full or causal.
Support can_hrr(const Problem& problem, const HrrOptions& options);

/// q, k, v (B, h, T, d) in the packed basis, d even, any strides (no copy where the last dimension
/// is contiguous); `lengths` undefined or int64 (B). Returns y (B, h, T, d), a view of (B, T, h,
/// d).
torch::Tensor hrr(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                  const torch::Tensor& lengths, const HrrOptions& options);

/// The same for qkv (B, T, 3, h, d): the gradient comes in that shape too, without a copy, and that
/// of the bias with it. Where
/// `bindings` is given (ops/bind_linear.hpp), lengths are undefined.
torch::Tensor hrr_packed(const DeferredBias& qkv, const torch::Tensor& lengths,
                         const HrrOptions& options);

}  // namespace regard::ops
