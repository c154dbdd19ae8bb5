// Heads as slices of one projection, with a gradient that is assembled in place.
#pragma once

#include <torch/types.h>

#include <vector>

namespace regard::ops {

/// packed (B, T, n, h, d) -> n views (B, h, T, d). The backward writes each gradient into its slice
/// of one new tensor; that of plain slicing fills n tensors with zeros and adds them.
std::vector<torch::Tensor> split_heads(const torch::Tensor& packed);

}  // namespace regard::ops
