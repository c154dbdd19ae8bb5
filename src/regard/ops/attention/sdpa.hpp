// PyTorch's scaled_dot_product_attention, with the name of the backend that it takes.
#pragma once

#include <torch/types.h>

#include <string>

namespace regard::ops {

/// y = softmax(q k^T / sqrt(d) + mask) v. Shapes (B, h, T, d); k and v may have fewer heads
/// (grouped).
/// `mask`: undefined, boolean (true = may attend) or additive, broadcastable to (B, h, T_q, T_k).
torch::Tensor sdpa(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                   const torch::Tensor& mask, bool causal);

/// "flash", "efficient", "cudnn" or "math": what PyTorch chooses for these arguments.
std::string sdpa_backend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                         const torch::Tensor& mask, bool causal);

}  // namespace regard::ops
