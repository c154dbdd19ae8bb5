// Keys that a query may not meet influence nothing, whatever they hold. A weight of 0 is not
// enough: 0 x NaN is NaN, and so is 0 x infinity. On CPUs what is not finite is looked for and
// taken out. On GPUs nothing is looked for, since the answer would have to be awaited.
#pragma once

#include <functional>

#include "regard/attention/inputs.hpp"

namespace regard::attention {

/// Which keys a row depends on: those that its query may meet, also those that these keys may meet
/// themselves (their weights depend on them), or all on purpose.
enum class Reach : unsigned char { kKeys, kKeysOfKeys, kAll };

using Run = std::function<torch::Tensor(const Inputs&)>;

/// Whether some query may not meet some key; `skips_padding`: keys behind the lengths do not count.
bool hides_keys(const Inputs& x, bool skips_padding);

/// run(x) where no hidden key reaches a row: bad keys and bad rows of q (those that hold NaN or
/// infinities) count as 0 for rows that do not depend on them. A row that does has what run(x)
/// gives, and no gradient. Beside run(x) it costs, where nothing is bad: in a causal graph a look
/// at the last row, which meets every key; else a sum of k and of v.
torch::Tensor run_without_hidden(const Inputs& x, Reach reach, const Run& run);

/// sum_j allowed_ij x_j for `allowed` (.., T_q, T_k) of 0 and 1 in the type of x (B, h, T_k, c),
/// where what is not allowed counts 0 whatever it holds.
torch::Tensor sum_allowed(const torch::Tensor& allowed, const torch::Tensor& x);

}  // namespace regard::attention
