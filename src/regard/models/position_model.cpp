#include "regard/models/position_model.hpp"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>

#include "regard/base/error.hpp"
#include "regard/nn/context.hpp"
#include "regard/nn/full_precision.hpp"

namespace regard::models {
using torch::Tensor;

namespace {

Tensor cross_entropy(const Tensor& logits, const Tensor& targets, at::Reduction::Reduction how,
                     double smoothing) {
  return at::cross_entropy_loss(logits.flatten(0, 1), targets.flatten(), {}, how, -1, smoothing);
}

}  // namespace

void PositionModel::make_trunk(const nn::TrunkOptions& options, uint64_t seed) {
  trunk_ = register_module("trunk", std::make_shared<nn::Trunk>(options));
  trunk_->initialise(seed);
}

void PositionModel::make_head(int64_t outputs, bool bias, uint64_t seed) {
  const auto options = torch::nn::LinearOptions(spec_.trunk.width, outputs).bias(bias);
  head_ = register_module("head", torch::nn::Linear(options));
  for (const auto& item : head_->named_parameters()) {
    nn::fill_normal(item.value(), "head." + item.key(), spec_.trunk.deviation(item.value()), seed);
  }
}

Tensor PositionModel::classify(const Tensor& x) {
  const nn::FullPrecision full(x);
  return head_->forward(x.to(head_->weight.scalar_type()));
}

Tensor PositionModel::to_vocabulary(const Tensor& x, const Tensor& bias) {
  const auto out = at::linear(x, spec_.tie ? trunk_->embedding().table() : head_->weight, bias);
  nn::observe("head", out);
  return out.to(x.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat);
}

void PositionModel::check_text(const std::string& name, const ModelShape& shape) const {
  if (shape.input.vocabulary < 1) {
    throw InputError(name + ": tokens were expected, and the data gives values");
  }
  if (spec_.trunk.pairs > 0) {
    throw InputError(name +
                     ": [model] pairs = 0 was expected, since text is made a token at a time, "
                     "and " +
                     std::to_string(spec_.trunk.pairs) + " came");
  }
}

Tensor PositionModel::mean_loss(const Tensor& logits, const nn::Batch& batch) {
  return cross_entropy(logits, batch.targets, at::Reduction::Mean, spec_.label_smoothing);
}

Tensor PositionModel::example_losses(const Tensor& logits, const nn::Batch& batch) {
  return mean_over_rows(
      cross_entropy(logits, batch.targets, at::Reduction::None, spec_.label_smoothing),
      batch.targets);
}

nn::BatchScore PositionModel::score_classes(const nn::Batch& batch) {
  const auto out = logits(batch);
  const auto predicted = out.argmax(2);  // (B, T)
  const auto valid = batch.targets >= 0;
  const auto sum = cross_entropy(out, batch.targets, at::Reduction::Sum, 0).to(torch::kDouble);
  const auto right = ((predicted == batch.targets) & valid).sum().to(torch::kDouble);
  return {at::stack({sum, right, valid.sum().to(torch::kDouble)}), predicted};
}

}  // namespace regard::models
