// From tokens to one vector: x (B, T, H) -> (B, H).
#pragma once

#include <torch/nn/modules/linear.h>

#include <string>

namespace regard::models {

/// mean: over the valid positions; cls: the first token; attention: weights softmax(x . w) over the valid positions, with w of
/// `scorer` (H, 1), which the others do not use. `lengths` (B) or undefined; an empty row gives 0.
torch::Tensor pool(const std::string& pooling, const torch::Tensor& x, const torch::Tensor& lengths,
                   torch::nn::Linear& scorer);

}  // namespace regard::models
