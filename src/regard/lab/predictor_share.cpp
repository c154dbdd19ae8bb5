#include "regard/lab/predictor_share.hpp"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "regard/base/clock.hpp"
#include "regard/ops/step/wait.hpp"
#include "regard/train/autocast.hpp"

namespace regard::lab {
using torch::Tensor;

namespace {

constexpr int kRepeats = 3;

// Seconds of one forward and backward pass, by what they are for.
struct Times {
  double choice = 0, losses_backward = 0, all = 0;
};

double backward_seconds(const Tensor& loss, const std::vector<Tensor>& parameters) {
  const double start = seconds_now();
  torch::autograd::grad({loss}, parameters, {}, /*retain_graph=*/true, /*create_graph=*/false,
                        /*allow_unused=*/true);
  ops::wait_for(loss.device());
  return seconds_now() - start;
}

Times time_once(ModelLearner& learner, const nn::Batch& batch,
                const std::vector<Tensor>& parameters) {
  attention::take_edge_counts();
  attention::edge_counts().timed = true;
  const double start = seconds_now();
  const auto loss = learner.loss(batch);
  ops::wait_for(loss.main.device());
  Times times;
  times.all = seconds_now() - start;
  times.choice = attention::take_edge_counts().seconds;
  const double main = backward_seconds(loss.main, parameters);
  const double total = loss.auxiliary.empty() ? main : backward_seconds(loss.total(), parameters);
  times.losses_backward = std::max(0.0, total - main);
  times.all += main + times.losses_backward;
  return times;
}

}  // namespace

double predictor_share(ModelLearner& learner, const nn::Batch& given, const train::Spec& spec,
                       int64_t steps) {
  if (!learner.has_predictor()) return 0;
  std::vector<Tensor> parameters;
  for (const auto& [name, value] : learner.parameters()) parameters.push_back(value);
  std::vector<std::pair<Tensor, Tensor>> before;
  for (const auto& [name, value] : learner.buffers()) before.emplace_back(value, value.clone());

  const auto device = parameters.front().device();
  const auto batch = given.to(device);
  const auto scalar = torch::dtype(torch::kFloat32).device(device);
  attention::NamedScalars scalars;
  for (const auto& entry : learner.step_scalars()) {
    scalars.emplace_back(entry.name, torch::full({}, entry.value(steps - 1, steps), scalar));
  }
  const attention::RandomContext context{1, torch::zeros({}, scalar.dtype(torch::kInt64))};
  const attention::RandomScope random(context);
  const attention::ScalarScope values(scalars);
  const train::AutocastScope autocast(device.type(), spec.dtype == "bf16");

  std::vector<double> shares;
  for (int i = 0; i < kRepeats; ++i) {
    const auto t = time_once(learner, batch, parameters);
    shares.push_back((t.choice + t.losses_backward) / t.all);
  }
  const torch::NoGradGuard guard;
  for (auto& [buffer, value] : before) buffer.copy_(value);
  std::sort(shares.begin(), shares.end());
  return shares[kRepeats / 2];
}

}  // namespace regard::lab
