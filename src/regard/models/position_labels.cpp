#include "regard/models/position_labels.hpp"

#include <ATen/ops/cross_entropy_loss.h>

namespace regard::models {
using torch::Tensor;

namespace {

Tensor cross_entropy(const Tensor& logits, const Tensor& targets, at::Reduction::Reduction how,
                     double smoothing) {
  return at::cross_entropy_loss(logits.flatten(0, 1), targets.flatten(), {}, how, -1, smoothing);
}

}  // namespace

Tensor position_loss(const Tensor& logits, const Tensor& targets, double smoothing) {
  return cross_entropy(logits, targets, at::Reduction::Mean, smoothing);
}

Tensor position_losses(const Tensor& logits, const Tensor& targets, double smoothing) {
  return mean_over_rows(cross_entropy(logits, targets, at::Reduction::None, smoothing), targets);
}

nn::BatchScore position_score(const Tensor& logits, const Tensor& targets) {
  const auto predicted = logits.argmax(2);  // (B, T)
  const auto valid = targets >= 0;
  const auto sum = cross_entropy(logits, targets, at::Reduction::Sum, 0).to(torch::kDouble);
  const auto right = ((predicted == targets) & valid).sum().to(torch::kDouble);
  return {at::stack({sum, right, valid.sum().to(torch::kDouble)}), predicted};
}

}  // namespace regard::models
