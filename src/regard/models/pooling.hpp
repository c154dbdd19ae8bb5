// From a batch to one vector for each sequence: the trunk, then pooling.
#pragma once

#include <torch/nn/modules/linear.h>

#include <string>

#include "regard/nn/batch.hpp"
#include "regard/nn/trunk.hpp"

namespace regard::models {

/// x = trunk(batch) (B, T, H) -> (B, H). mean: over the valid positions; mean_padded: over all T,
/// padding included, as the released code of Hrrformer pools (it depends on T, which data.pad_to
/// fixes); cls, first: the first token; attention: weights softmax(x . w) over the valid positions,
/// with w of `scorer` (H, 1), which the others do not use. An empty row of mean or attention gives
/// 0.
torch::Tensor pool(const std::string& pooling, nn::Trunk& trunk, const nn::Batch& batch,
                   torch::nn::Linear& scorer);

}  // namespace regard::models
