#include "regard/train/optimizer.hpp"

#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "regard/ops/parallel.hpp"
#include "regard/train/restore.hpp"

namespace regard::train {
namespace {

constexpr int64_t kChunk = 16384;
constexpr int64_t kLanes = 16;
constexpr int64_t kBlock = 64 * kLanes;  // a float lane adds 64 squares, then doubles take over

double sum_of_squares(const float* x, int64_t n) {
  double sum = 0;
  int64_t i = 0;
  while (i + kLanes <= n) {
    std::array<float, kLanes> lanes{};
    const int64_t stop = std::min(i + kBlock, n - n % kLanes);
    for (; i < stop; i += kLanes) {
      for (int64_t j = 0; j < kLanes; ++j) lanes[j] += x[i + j] * x[i + j];
    }
    for (const float lane : lanes) sum += lane;
  }
  for (; i < n; ++i) sum += static_cast<double>(x[i]) * x[i];
  return sum;
}

/// One call for all tensors: a norm of PyTorch costs microseconds for each small tensor.
torch::Tensor norm_on_cpu(const std::vector<torch::Tensor>& gradients) {
  struct Piece {
    const float* data;
    int64_t size;
  };
  std::vector<Piece> pieces;
  for (const auto& g : gradients) {
    const float* data = g.const_data_ptr<float>();
    for (int64_t at = 0; at < g.numel(); at += kChunk) {
      pieces.push_back({data + at, std::min(kChunk, g.numel() - at)});
    }
  }
  std::vector<double> sums(pieces.size());
  ops::parallel_for(static_cast<int64_t>(pieces.size()), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) sums[i] = sum_of_squares(pieces[i].data, pieces[i].size);
  });
  double sum = 0;
  for (const double s : sums) sum += s;
  auto result = torch::empty({}, torch::kFloat32);
  *result.mutable_data_ptr<float>() = static_cast<float>(std::sqrt(sum));
  return result;
}

}  // namespace

torch::Tensor gradient_norm(const std::vector<torch::Tensor>& gradients) {
  if (gradients.empty()) return torch::zeros({}, torch::kFloat32);
  const bool plain = std::all_of(gradients.begin(), gradients.end(), [](const auto& g) {
    return g.is_cpu() && g.scalar_type() == torch::kFloat32 && g.is_non_overlapping_and_dense();
  });
  if (plain) return norm_on_cpu(gradients);
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients))).to(torch::kFloat32);
}

AdamW::AdamW(const NamedTensors& parameters, const Spec& spec)
    : beta1_(spec.beta1),
      beta2_(spec.beta2),
      eps_(spec.eps),
      weight_decay_(spec.weight_decay),
      l2_(spec.l2) {
  for (const auto& [name, parameter] : parameters) {
    if (!parameter.requires_grad()) continue;
    names_.push_back(name);
    parameters_.push_back(parameter);
    exp_avg_.push_back(torch::zeros_like(parameter.detach()));
    exp_avg_sq_.push_back(torch::zeros_like(parameter.detach()));
    decays_.push_back(spec.decay == "all" || parameter.dim() >= 2);
  }
  const auto device = parameters_.empty() ? torch::Device(torch::kCPU) : parameters_[0].device();
  step_ = torch::zeros({}, torch::dtype(torch::kFloat32).device(device));
}

std::vector<torch::Tensor> AdamW::gradients() const {
  std::vector<torch::Tensor> gradients;
  gradients.reserve(parameters_.size());
  for (const auto& p : parameters_) {
    if (p.grad().defined()) gradients.push_back(p.grad().to(p.scalar_type()));
  }
  return gradients;
}

ops::AdamWTensors AdamW::tensors(std::optional<bool> decays) const {
  ops::AdamWTensors out;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (decays.value_or(decays_[i]) != decays_[i] || !parameters_[i].grad().defined()) continue;
    out.w.push_back(parameters_[i]);
    out.g.push_back(parameters_[i].grad());
    out.m.push_back(exp_avg_[i]);
    out.v.push_back(exp_avg_sq_[i]);
    out.decay.push_back(decays_[i] ? weight_decay_ : 0.0);
  }
  return out;
}

void AdamW::clear_gradients() {
  for (auto& p : parameters_) p.mutable_grad() = torch::Tensor();
}

void AdamW::step(const torch::Tensor& lr, const torch::Tensor& divisor, const torch::Tensor& skip) {
  const torch::NoGradGuard no_grad;
  step_.add_(1).sub_(skip);
  for (const bool decays : {true, false}) {
    auto t = tensors(decays);
    if (t.w.empty()) continue;
    for (std::size_t i = 0; i < t.w.size(); ++i) t.g[i] = t.g[i].to(t.w[i].scalar_type());
    const std::vector<torch::Tensor> steps(t.w.size(), step_);
    std::optional<torch::Tensor> by = divisor;
    if (l2_ > 0 && decays) {
      for (std::size_t i = 0; i < t.w.size(); ++i) t.g[i] = t.g[i].div(divisor).add(t.w[i], l2_);
      by = std::nullopt;  // done
    }
    at::_fused_adamw_(t.w, t.g, t.m, t.v, {}, steps, lr, beta1_, beta2_,
                      decays ? weight_decay_ : 0.0, eps_,
                      /*amsgrad=*/false, /*maximize=*/false, by, skip);
  }
}

bool AdamW::finish_step(const torch::Tensor& lr, double clip, ops::StepRecord record) {
  if (!step_.is_cuda() || l2_ > 0) return false;
  record.lr = lr;
  record.updates = step_;
  return ops::finish_step(tensors(), {beta1_, beta2_, eps_, clip}, record);
}

NamedTensors AdamW::state() const {
  NamedTensors state = {{"optimizer.step", step_}};
  for (std::size_t i = 0; i < names_.size(); ++i) {
    state.emplace_back("optimizer.exp_avg." + names_[i], exp_avg_[i]);
    state.emplace_back("optimizer.exp_avg_sq." + names_[i], exp_avg_sq_[i]);
  }
  return state;
}

void AdamW::load(const std::map<std::string, torch::Tensor>& tensors) { restore(state(), tensors); }

}  // namespace regard::train
