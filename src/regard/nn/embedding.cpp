#include "regard/nn/embedding.hpp"

#include <ATen/ops/embedding.h>

#include "regard/base/error.hpp"

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

torch::Tensor Embedding::forward(const torch::Tensor& inputs) {
  if (input_.vocabulary > 0) return at::embedding(table_, inputs.to(torch::kLong));
  return values_->forward(inputs);
}

}  // namespace regard::nn
