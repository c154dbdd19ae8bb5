// Queries in chunks, each computed once more in the backward pass, so that only one chunk's
// matrices are alive at a time.
#pragma once

#include "regard/attention/hidden.hpp"

namespace regard::attention {

/// run(x), by chunks of `rows` queries where there are more. `run` gives each row without the
/// others.
torch::Tensor in_chunks(const Inputs& x, int64_t rows, const Run& run);

}  // namespace regard::attention
