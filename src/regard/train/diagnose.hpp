// Where a value that is not finite came from: the step is done again with an observer on every
// layer.
#pragma once

#include <string>
#include <vector>

#include "regard/train/step.hpp"

namespace regard::train {

/// Repeats forward and backward of step `step` (the weights are as they were, since bad updates are
/// skipped) and names the place: an input, the first layer, the loss, or a parameter's gradient.
std::string find_not_finite(TrainStep& step, int64_t index,
                            const std::vector<nn::Batch>& micro_batches);

}  // namespace regard::train
