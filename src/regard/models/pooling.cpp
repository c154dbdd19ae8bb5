#include "regard/models/pooling.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/softmax.h>

#include "regard/ops/block/mean_rows.hpp"

namespace regard::models {
using torch::Tensor;

Tensor pool(const std::string& pooling, nn::Trunk& trunk, const nn::Batch& batch,
            torch::nn::Linear& scorer) {
  const auto& lengths = batch.lengths;
  if (pooling == "mean") return trunk.mean(batch.inputs, lengths);
  const auto x = trunk.forward(batch.inputs, lengths);
  if (pooling == "mean_padded") return ops::mean_rows(x, {});
  if (pooling == "cls" || pooling == "first") return x.select(1, 0);
  const auto valid =
      lengths.defined()
          ? (at::arange(x.size(1), lengths.options()).unsqueeze(0) < lengths.unsqueeze(1))
                .unsqueeze(-1)
          : Tensor();                // (B, T, 1)
  auto scores = scorer->forward(x);  // (B, T, 1)
  if (valid.defined()) scores = scores.masked_fill(~valid, -1e30);
  auto weights = at::softmax(scores, 1, torch::kFloat);
  if (valid.defined()) weights = weights.masked_fill(~valid, 0.0);  // an empty row pools to 0
  return (weights * x).sum(1);                                      // fp32 or better
}

}  // namespace regard::models
