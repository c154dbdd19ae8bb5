// Losses and scores of a class at each position: (B, T, classes) against targets (B, T), where -1
// is none.
#pragma once

#include "regard/models/model.hpp"

namespace regard::models {

torch::Tensor position_loss(const torch::Tensor& logits, const torch::Tensor& targets,
                            double smoothing);
/// The mean of each row, (B).
torch::Tensor position_losses(const torch::Tensor& logits, const torch::Tensor& targets,
                              double smoothing);
/// As Model::score has it.
nn::BatchScore position_score(const torch::Tensor& logits, const torch::Tensor& targets);

}  // namespace regard::models
