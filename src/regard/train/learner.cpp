#include "regard/train/learner.hpp"

#include <cmath>

#include "regard/base/error.hpp"
#include "regard/train/restore.hpp"

namespace regard::train {

namespace {

double largest_deviation(const torch::Tensor& sums) {
  const auto logits = (sums.size(0) - 3) / 2;
  const bool one_example = sums[2].item<double>() < 2;
  if (logits <= 0 || one_example) return std::numeric_limits<double>::quiet_NaN();
  const auto mean = sums.slice(0, 3, 3 + logits) / sums[2];
  const auto square = sums.slice(0, 3 + logits) / sums[2];
  return (square - mean * mean).clamp_min(0).max().sqrt().item<double>();
}

}  // namespace

Score evaluate(Learner& learner, const Evaluation& data, const std::function<bool()>& stop) {
  const torch::NoGradGuard no_grad;
  const auto parameters = learner.parameters();
  const auto device =
      parameters.empty() ? torch::Device(torch::kCPU) : parameters[0].second.device();
  torch::Tensor sums;
  for (int64_t i = 0; i < data.count; ++i) {
    if (stop && stop()) return {.count = -1};
    const auto score = learner.score(data.batch(i).to(device));
    sums = sums.defined() ? sums.add_(score) : score;
  }
  if (sums.defined()) sums = sums.cpu();
  const double* s = sums.defined() ? sums.const_data_ptr<double>() : nullptr;
  if (s == nullptr || s[2] == 0) throw InputError("evaluation: the data has no target");
  if (!std::isfinite(s[0]))
    throw RunError("evaluation: the loss over " + std::to_string(static_cast<int64_t>(s[2])) +
                   " targets is not finite");
  return {s[0] / s[2], s[1] / s[2], static_cast<int64_t>(s[2]), largest_deviation(sums)};
}

void load_weights(const std::filesystem::path& checkpoint, Learner& learner) {
  const auto file = load_safetensors(checkpoint);
  const bool averaged = file.tensors.lower_bound("ema.") != file.tensors.end() &&
                        file.tensors.lower_bound("ema.")->first.starts_with("ema.");
  try {
    restore(prefixed(averaged ? "ema." : "model.", learner.parameters()), file.tensors);
    restore(prefixed("model.", learner.buffers()), file.tensors);
  } catch (const InputError& error) {
    throw InputError(checkpoint.string() + ": " + error.what());
  }
}

}  // namespace regard::train
