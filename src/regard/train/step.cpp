#include "regard/train/step.hpp"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "regard/base/error.hpp"
#include "regard/ops/step/set_scalars.hpp"
#include "regard/train/autocast.hpp"
#include "regard/train/restore.hpp"

namespace regard::train {
namespace {

torch::Device device_of(const NamedTensors& parameters) {
  if (parameters.empty()) throw InputError("train: the model has no parameter to train");
  return parameters[0].second.device();
}

torch::Tensor scalar(torch::Device device, torch::ScalarType type, double value = 0) {
  return torch::full({}, value, torch::dtype(type).device(device));
}

}  // namespace

TrainStep::TrainStep(Learner& learner, const Spec& spec, int64_t seed, int64_t steps)
    : learner_(learner),
      parameters_(learner.parameters()),
      buffers_(learner.buffers()),
      device_(device_of(parameters_)),
      optimizer_(parameters_, spec),
      meter_(spec.log_every, device_),
      random_{seed, scalar(device_, torch::kInt64)},
      changing_(learner.step_scalars()),
      steps_(steps),
      lr_(scalar(device_, torch::kFloat32)),
      step_(scalar(device_, torch::kInt64)),
      ema_share_(scalar(device_, torch::kFloat32)),
      root_(scalar(device_, torch::kFloat32, 1.0 / static_cast<double>(spec.accumulate))),
      clip_(spec.clip),
      accumulate_(spec.accumulate),
      bf16_(spec.dtype == "bf16") {
  if (spec.ema > 0) ema_.emplace(parameters_, spec.ema);
  for (const auto& entry : changing_) {
    scalars_.emplace_back(entry.name, scalar(device_, torch::kFloat32));
  }
  // Sums over several batches stay in fp32.
  if (bf16_ && device_.is_cuda() && accumulate_ == 1) {
    for (const auto& [name, parameter] : parameters_) parameter.set_grad_dtype(std::nullopt);
  }
}

void TrainStep::prepare(int64_t step, double lr) {
  std::vector<std::pair<torch::Tensor, double>> scalars = {
      {lr_, lr},
      {step_, static_cast<double>(step)},
      {random_.step, static_cast<double>(step * accumulate_)}};
  if (ema_) scalars.emplace_back(ema_share_, ema_->share(step + 1));
  for (std::size_t i = 0; i < changing_.size(); ++i) {
    scalars.emplace_back(scalars_[i].second, changing_[i].value(step, steps_));
  }
  ops::set_scalars(scalars);
}

nn::Loss TrainStep::forward(const nn::Batch& batch) {
  const attention::RandomScope random(random_);
  const attention::ScalarScope scalars(scalars_);
  const AutocastScope autocast(device_.type(), bf16_);
  const ops::WeightScope weights(weights_);
  return learner_.loss(batch);
}

void TrainStep::backward(const torch::Tensor& loss) {
  torch::autograd::backward({loss}, {root_.to(loss.scalar_type())});
  // Not before: a backward pass may draw the numbers of its forward pass again. prepare() sets it
  // for the first batch.
  if (accumulate_ > 1) random_.step.add_(1);
}

void TrainStep::run(const std::vector<nn::Batch>& micro_batches) {
  optimizer_.clear_gradients();
  torch::Tensor mean;
  attention::NamedScalars parts;
  const auto add = [&](torch::Tensor& sum, const torch::Tensor& loss) {
    auto part = loss.detach().to(torch::kFloat32);
    if (accumulate_ > 1) part = part.mul(root_);
    sum = sum.defined() ? sum.add(part) : part;
  };
  for (const auto& batch : micro_batches) {
    const auto loss = forward(batch);
    const auto total = loss.total();
    backward(total);
    add(mean, total);
    if (loss.auxiliary.empty()) continue;
    if (parts.empty()) parts.emplace_back(kMainLoss, torch::Tensor());
    add(parts[0].second, loss.main);
    for (const auto& [name, value] : loss.auxiliary) {
      auto found =
          std::find_if(parts.begin(), parts.end(), [&](auto& p) { return p.first == name; });
      if (found == parts.end()) found = parts.insert(found, {name, torch::Tensor()});
      add(found->second, value);
    }
  }
  const torch::NoGradGuard no_grad;
  if (!parts.empty()) meter_.note_parts(step_, parts);
  if (!optimizer_.finish_step(lr_, clip_, meter_.record(step_, mean))) {
    const auto norm = gradient_norm(optimizer_.gradients());
    meter_.note(step_, mean, norm);
    const auto divisor = clip_ > 0 ? norm.div(clip_).clamp_min_(1) : torch::ones_like(norm);
    optimizer_.step(lr_, divisor, meter_.bad());
  }
  if (ema_) ema_->update(ema_share_);
}

NamedTensors TrainStep::state() const {
  auto state = prefixed("model.", parameters_);
  for (const auto& entry : prefixed("model.", buffers_)) state.push_back(entry);
  for (const auto& entry : optimizer_.state()) state.push_back(entry);
  if (ema_) {
    for (const auto& entry : ema_->state()) state.push_back(entry);
  }
  return state;
}

void TrainStep::load(const std::map<std::string, torch::Tensor>& tensors) {
  restore(state(), tensors);
}

}  // namespace regard::train
