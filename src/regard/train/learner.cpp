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

using Collected = std::vector<std::pair<torch::Tensor, torch::Tensor>>;

/// Predictions and targets (B) or (B, T) of all batches, where targets below 0 are none.
metrics::Predictions predictions(const Collected& collected) {
  metrics::Predictions all;
  for (const auto& [predicted, targets] : collected) {
    const auto flat = [](const torch::Tensor& x) {
      return x.to(torch::kCPU, torch::kDouble).contiguous();
    };
    const auto said = flat(predicted), meant = flat(targets);
    const int64_t width = targets.dim() > 1 ? targets.size(1) : 1;
    for (int64_t i = 0; i < targets.numel(); ++i) {
      const double truth = meant.const_data_ptr<double>()[i];
      if (targets.is_floating_point() || truth >= 0) {
        all.predicted.push_back(said.const_data_ptr<double>()[i]);
        all.truth.push_back(truth);
      }
      if ((i + 1) % width == 0) all.ends.push_back(static_cast<int64_t>(all.truth.size()));
    }
  }
  return all;
}

std::vector<std::string> other_metrics(const Learner& learner) {
  std::vector<std::string> names;
  for (const auto& metric : learner.metrics()) {
    if (metric.name != "loss" && metric.name != "accuracy") names.push_back(metric.name);
  }
  return names;
}

}  // namespace

double Score::of(const std::string& metric) const {
  if (metric == "loss") return loss;
  if (metric == "accuracy") return accuracy;
  const auto found = others.find(metric);
  if (found == others.end()) throw InputError("evaluation: \"" + metric + "\" is not measured");
  return found->second;
}

Score evaluate(Learner& learner, const Evaluation& data, const std::function<bool()>& stop) {
  const torch::NoGradGuard no_grad;
  const auto parameters = learner.parameters();
  const auto device =
      parameters.empty() ? torch::Device(torch::kCPU) : parameters[0].second.device();
  torch::Tensor sums;
  Collected collected;
  learner.seen();  // what came before does not count
  for (int64_t i = 0; i < data.count; ++i) {
    if (stop && stop()) return {.count = -1};
    const auto batch = data.batch(i).to(device);
    const auto score = learner.score(batch);
    sums = sums.defined() ? sums.add_(score.sums) : score.sums;
    if (score.predicted.defined()) collected.emplace_back(score.predicted, batch.targets);
  }
  if (sums.defined()) sums = sums.cpu();
  const double* s = sums.defined() ? sums.const_data_ptr<double>() : nullptr;
  if (s == nullptr || s[2] == 0) throw InputError("evaluation: the data has no target");
  if (!std::isfinite(s[0]))
    throw RunError("evaluation: the loss over " + std::to_string(static_cast<int64_t>(s[2])) +
                   " targets is not finite");
  Score score{s[0] / s[2], s[1] / s[2], static_cast<int64_t>(s[2]), largest_deviation(sums), {}};
  score.others = learner.seen();
  const auto names = other_metrics(learner);
  if (names.empty()) return score;
  const auto values = learner.scores(predictions(collected));
  for (std::size_t i = 0; i < names.size(); ++i) score.others[names[i]] = values.at(i);
  return score;
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
