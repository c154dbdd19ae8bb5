// Uniform numbers that are a function of (seed, step, site, element): the same in every run and
// thread count.
#pragma once

#include "regard/ops/dropout.hpp"

namespace regard::ops {

/// Numbers in (0, 1), float32 on `device`. They are made on the CPU; on another device they are
/// copied there, and the host
/// waits for the step.
torch::Tensor uniform(torch::IntArrayRef sizes, const DropoutKey& key, torch::Device device);

}  // namespace regard::ops
