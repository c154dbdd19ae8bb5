// From a batch to one vector for each sequence: the trunk, then pooling.
#pragma once

#include <torch/nn/modules/linear.h>

#include <string>

#include "regard/nn/batch.hpp"
#include "regard/nn/trunk.hpp"

namespace regard::models {

/// x = trunk(batch) (B, T, H) -> (B, H). mean: over the valid positions; cls: the first token; attention: weights softmax(x . w) over
/// the valid positions, with w of `scorer` (H, 1), which the others do not use. An empty row gives 0.
torch::Tensor pool(const std::string& pooling, nn::Trunk& trunk, const nn::Batch& batch,
                   torch::nn::Linear& scorer);

}  // namespace regard::models
