// What the operator of holographic attention asks of a device; inside ops.
#pragma once

#include <torch/types.h>

#include <tuple>

#include "regard/ops/attention/hrr.hpp"

namespace regard::ops {

struct HrrResult {
  torch::Tensor y, s, z;  // (B, h, T, d), (B, h, states, d), (B, h, states)
};
struct HrrGradients {
  torch::Tensor dq, dk, dv;  // (B, h, T, d), written into
  torch::Tensor
      columns;  // (3 h d) fp32, their sums over B and T, written into; undefined: not wanted
};
struct HrrArguments {
  torch::Tensor q, k, v, lengths;  // lengths may be undefined
  HrrOptions options;
  torch::Tensor bindings = {};  // (B, chunks, h, d) as ops::linear_bind has it, or undefined
};

/// Shape of s and z: one state a head, or one for each chunk of time when causal.
constexpr int64_t kHrrStateTokens = 64;

/// (B, h, T, d) as a view of (B, T, h, d), so that merging the heads afterwards copies nothing.
torch::Tensor empty_heads(const torch::Tensor& q);
HrrResult empty_hrr(const torch::Tensor& q, bool causal);

/// Rows of d contiguous elements.
inline torch::Tensor with_rows(const torch::Tensor& x) {
  return x.stride(3) == 1 ? x : x.contiguous();
}

HrrResult hrr_forward_cpu(const HrrArguments& x);
void hrr_backward_cpu(const HrrArguments& x, const torch::Tensor& g, const HrrResult& forward,
                      const HrrGradients& out);
HrrResult hrr_forward_cuda(const HrrArguments& x);
void hrr_backward_cuda(const HrrArguments& x, const torch::Tensor& g, const HrrResult& forward,
                       const HrrGradients& out);
/// Whether backward on the device of `x` writes those sums.
bool hrr_sums_columns(const HrrArguments& x);

}  // namespace regard::ops
