// A window over a long sequence as many small dense problems: each block of queries with the keys
// around it.
// Work and memory are O(T * window) instead of O(T^2).
#pragma once

#include <functional>

#include "regard/attention/inputs.hpp"

namespace regard::attention {

ops::Support can_block_window(const ops::Problem& p);

/// Runs `fold` on blocks (B n, h, C, d) with a mask (B n or n, 1, C, span), true = may attend,
/// every row with at least one key. Returns (B, h, T, d) with padded rows cleared.
torch::Tensor block_window(
    const Inputs& x,
    const std::function<torch::Tensor(const Inputs& block, const torch::Tensor& mask)>& fold);

}  // namespace regard::attention
