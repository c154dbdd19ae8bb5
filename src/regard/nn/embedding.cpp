#include "regard/nn/embedding.hpp"

#include "regard/base/error.hpp"
#include "regard/ops/embed.hpp"

namespace regard::nn {

Embedding::Embedding(const InputSpec& input, int64_t width) : input_(input) {
  if ((input.vocabulary > 0) == (input.channels > 0)) {
    throw InputError("embedding: either a vocabulary or channels were expected, and " +
                     std::to_string(input.vocabulary) + " and " + std::to_string(input.channels) +
                     " came");
  }
  if (input.vocabulary > 0) {
    table_ = register_parameter("tokens", at::empty({input.vocabulary, width}));
  } else {
    values_ = register_module("values", torch::nn::Linear(input.channels, width));
  }
}

torch::Tensor Embedding::forward(const torch::Tensor& inputs, const torch::Tensor& positions,
                                 std::optional<torch::ScalarType> type) {
  if (input_.vocabulary > 0) {
    return ops::embed(table_, inputs, positions, type.value_or(table_.scalar_type()));
  }
  auto x = values_->forward(inputs);
  if (positions.defined()) x = x + positions;
  return type ? x.to(*type) : x;
}

}  // namespace regard::nn
