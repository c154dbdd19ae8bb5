// What a model is fed: one batch of examples, the common word of data, models and train.
#pragma once

#include <torch/types.h>

namespace regard::nn {

/// Shapes: B rows, T positions, C channels. A row is an example, except for pairs of texts: pair i is the rows 2 i and 2 i + 1.
struct Batch {
  torch::Tensor inputs;   // (B, T) int64 token ids, or (B, T, C) float values
  torch::Tensor lengths;  // (B) int64, or undefined when every row is full
  torch::Tensor targets;  // (examples) int64 labels, or (B, T) int64 next tokens (-1: no target)
  int64_t rows = 0;       // examples
  int64_t tokens = 0;     // positions that are not padding
};

}  // namespace regard::nn
