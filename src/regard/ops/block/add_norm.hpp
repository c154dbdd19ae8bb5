// The residual sum with dropout and the norm after it, as one differentiable operator.
#pragma once

#include <torch/types.h>

#include "regard/ops/block/branch.hpp"
#include "regard/ops/block/dropout.hpp"
#include "regard/ops/place.hpp"

namespace regard::ops {

/// The CUDA kernel takes the residual sum and the norm: widths up to 1024, multiples of 8.
Support can_add_norm(const Place& place, int64_t width);

struct NormParameters {
  torch::Tensor weight, bias;  // (H); RMSNorm: bias undefined
  bool centred = true;         // LayerNorm, else RMSNorm
  double eps = 1e-5;
};

struct Normed {
  torch::Tensor x, h;
};

/// x' = x + dropout(branch); h = norm(x'). The branch may be undefined (x' = x). On a GPU one
/// kernel where the width is a multiple of 8, at most 1024, with the branch's product in it where
/// that waits, else plain operations; h is then of the type of `branch` or of autocast.
Normed add_norm(const torch::Tensor& x, const Branch& branch, const NormParameters& norm,
                double dropout, const DropoutKey& key);

}  // namespace regard::ops
