// Which of our kernels a training step runs outside of attention itself, and why not the others.
#pragma once

#include <vector>

#include "regard/ops/place.hpp"

namespace regard::ops {

/// A model's step by its sizes: tokens (batch, length), width of the stream, columns of its
/// feed-forward.
struct StepShape {
  Place place;
  int64_t batch = 0, length = 0, width = 0, columns = 0;
};

/// In the order in which a step meets them; `chosen`: it runs. Where one kernel does the work of
/// two, those are not chosen.
std::vector<Candidate> step_kernels(const StepShape& shape);

}  // namespace regard::ops
