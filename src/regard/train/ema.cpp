#include "regard/train/ema.hpp"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sub.h>

#include <cmath>

#include "regard/train/restore.hpp"

namespace regard::train {

Ema::Ema(const NamedTensors& parameters, double decay) : decay_(decay) {
  for (const auto& [name, parameter] : parameters) {
    names_.push_back(name);
    parameters_.push_back(parameter.detach());
    averages_.push_back(parameter.detach().clone());
  }
}

double Ema::share(int64_t t) const {
  return (1 - decay_) / (1 - std::pow(decay_, static_cast<double>(t)));
}

void Ema::update(const torch::Tensor& share) {
  const torch::NoGradGuard no_grad;
  // Three foreach calls instead of a lerp: only these take their factor from the device.
  auto change = at::_foreach_sub(parameters_, averages_);
  at::_foreach_mul_(change, share);
  at::_foreach_add_(averages_, change);
}

NamedTensors Ema::state() const {
  NamedTensors state;
  for (std::size_t i = 0; i < names_.size(); ++i)
    state.emplace_back("ema." + names_[i], averages_[i]);
  return state;
}

void Ema::load(const std::map<std::string, torch::Tensor>& tensors) { restore(state(), tensors); }

EmaScope::EmaScope(Ema* ema) : ema_(ema) {
  if (ema_ == nullptr) return;
  const torch::NoGradGuard no_grad;
  for (const auto& p : ema_->parameters_) weights_.push_back(p.clone());
  at::_foreach_copy_(ema_->parameters_, ema_->averages_);
}

EmaScope::~EmaScope() {
  if (ema_ == nullptr) return;
  const torch::NoGradGuard no_grad;
  at::_foreach_copy_(ema_->parameters_, weights_);
}

}  // namespace regard::train
