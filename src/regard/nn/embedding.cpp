#include "regard/nn/embedding.hpp"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/remainder.h>

#include "regard/base/error.hpp"
#include "regard/ops/block/embed.hpp"

namespace regard::nn {

namespace {

constexpr int64_t kStep = 40503;  // 2^16 / golden ratio, odd: what stands before moves the row far

/// (B, T) ids -> (B, T) rows of the table of pairs.
torch::Tensor pair_rows(const torch::Tensor& ids, int64_t rows) {
  const auto before = at::constant_pad_nd(ids.narrow(1, 0, ids.size(1) - 1) + 1, {1, 0});
  return (before * kStep + ids).remainder(rows);
}

}  // namespace

Embedding::Embedding(const InputSpec& input, int64_t width, int64_t pairs) : input_(input) {
  if ((input.vocabulary > 0) == (input.channels > 0)) {
    throw InputError("embedding: either a vocabulary or channels were expected, and " +
                     std::to_string(input.vocabulary) + " and " + std::to_string(input.channels) +
                     " came");
  }
  if (pairs > 0 && input.vocabulary == 0) {
    throw InputError("[model]: pairs = 0 was expected, since the data gives values, and " +
                     std::to_string(pairs) + " came");
  }
  if (pairs > 0) pairs_ = register_parameter("pairs", at::empty({pairs, width}));
  if (input.vocabulary > 0) {
    table_ = register_parameter("tokens", at::empty({input.vocabulary, width}));
  } else {
    values_ = register_module("values", torch::nn::Linear(input.channels, width));
  }
}

torch::Tensor Embedding::forward(const torch::Tensor& inputs, const torch::Tensor& positions,
                                 std::optional<torch::ScalarType> type) {
  if (input_.vocabulary > 0) {
    const auto wanted = type.value_or(table_.scalar_type());
    const auto x = ops::embed(table_, inputs, positions, wanted);
    if (!has_pairs()) return x;
    return x + ops::embed(pairs_, pair_rows(inputs, pairs_.size(0)), {}, wanted);
  }
  auto x = values_->forward(inputs);
  if (positions.defined()) x = x + positions;
  return type ? x.to(*type) : x;
}

}  // namespace regard::nn
