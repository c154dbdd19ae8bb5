// What the operators that embed share: when the CUDA kernels take the work, and the gradients of
// table and positions.
// Inside ops; defined in embed.cpp.
#pragma once

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

namespace regard::ops {

/// ids are int64.
bool can_fuse_embed(const torch::Tensor& table, const torch::Tensor& ids,
                    const torch::Tensor& positions, torch::ScalarType type);

/// Whether positions (or undefined) take their gradient in any type, as it comes (set_grad_dtype).
bool takes_any_gradient(const torch::Tensor& positions);

/// For embed_gradients; `as_it_comes`: takes_any_gradient of what the caller gave.
void keep_embed(torch::autograd::AutogradContext* ctx, const torch::Tensor& table,
                const torch::Tensor& positions, bool as_it_comes);

struct EmbedGradients {
  torch::Tensor table, positions;  // positions undefined: not wanted
};

/// From the gradient g (B, T, H), contiguous, of the sum of table rows and positions.
EmbedGradients embed_gradients(torch::autograd::AutogradContext* ctx, const torch::Tensor& g,
                               const torch::Tensor& ids);

}  // namespace regard::ops
