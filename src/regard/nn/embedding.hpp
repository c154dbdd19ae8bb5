// From what data gives to vectors of the model's width: token ids by a table, values by a matrix.
#pragma once

#include <torch/nn/modules/linear.h>

#include "regard/nn/batch.hpp"

namespace regard::nn {

struct InputSpec {
  int64_t vocabulary = 0;  // > 0: token ids
  int64_t channels = 0;    // > 0: values (patches, rows of an image, measurements)
  int64_t separator = -1;  // id behind each text of a row, which decides token types; -1: none
};

/// tokens (V, H), or values.weight (H, C) with values.bias (H). With `pairs` > 0 also pairs (pairs,
/// H): a token is then
///   x_t = tokens[w_t] + pairs[(40503 (w_(t-1) + 1) + w_t) mod pairs],    w_(-1) = -1,
/// so that two words in a row have a row of their own, shared with those of the same remainder.
class Embedding : public torch::nn::Module {
 public:
  Embedding(const InputSpec& input, int64_t width, int64_t pairs = 0);
  /// (B, T) ids or (B, T, C) values, positions (T, H) to add or undefined -> (B, T, H) of `type`,
  /// or of the parameters. An id outside the table is an error on the CPU.
  torch::Tensor forward(const torch::Tensor& inputs, const torch::Tensor& positions = {},
                        std::optional<torch::ScalarType> type = std::nullopt);
  const torch::Tensor& table() const { return table_; }
  bool has_pairs() const { return pairs_.defined(); }

 private:
  InputSpec input_;
  torch::Tensor table_, pairs_;
  torch::nn::Linear values_{nullptr};
};

}  // namespace regard::nn
