#include "regard/lab/bench/plain.hpp"

#include <ATen/Functions.h>
#include <torch/csrc/autograd/autograd.h>

#include "regard/attention/fourier.hpp"
#include "regard/base/error.hpp"
#include "regard/train/autocast.hpp"

namespace regard::lab {
using torch::Tensor;

PlainModel::PlainModel(const train::NamedTensors& parameters, BenchShape shape, BenchForm form,
                       torch::ScalarType dtype)
    : shape_(std::move(shape)),
      form_(std::move(form)),
      phrase_(attention::parse_phrase(form_.phrase)) {
  for (const auto& [name, value] : parameters) {
    auto copy = value.detach().to(dtype, /*non_blocking=*/false, /*copy=*/true).requires_grad_();
    parameters_.push_back(copy);
    by_name_.emplace(name, std::move(copy));
  }
}

const Tensor& PlainModel::at(const std::string& name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) throw RunError("bench: the model has no parameter named " + name);
  return found->second;
}

Tensor PlainModel::linear(const Tensor& x, const std::string& name) const {
  return at::linear(x, at(name + ".weight"), at(name + ".bias"));
}

Tensor PlainModel::norm(const Tensor& x, const std::string& name) const {
  return at::layer_norm(x, {shape_.width}, at(name + ".weight"), at(name + ".bias"), 1e-5);
}

Tensor PlainModel::attention(const Tensor& x, const std::string& name) const {
  const int64_t d = shape_.width / shape_.heads;
  const auto uses = phrase_.fold->uses();
  auto weight = at(name + ".projection.qkv.weight"), bias = at(name + ".projection.qkv.bias");
  auto out = at(name + ".out.weight");
  const auto u = form_.in_basis ? attention::fourier_basis(d) : Tensor();
  if (u.defined()) {  // the basis goes into the weights
    const auto basis = u.to(weight.options());
    weight = at::matmul(basis.t(), weight.view({-1, d, shape_.width})).view({-1, shape_.width});
    bias = at::matmul(bias.view({-1, d}), basis).view({-1});
    out = at::matmul(out.view({-1, d}), basis).view_as(out);
  }
  const auto parts = at::linear(x, weight, bias)
                         .view({x.size(0), x.size(1), uses.count(), shape_.heads, d})
                         .permute({2, 0, 3, 1, 4});  // (n, B, h, T, d)
  int64_t next = 0;
  const auto take = [&](bool used) { return used ? parts.select(0, next++) : Tensor(); };
  const auto q = take(uses.q), k = take(uses.k), v = take(uses.v);
  const auto y = form_.run(q, k, v).transpose(1, 2).reshape(x.sizes());
  return at::linear(y, out, at(name + ".out.bias"));
}

Tensor PlainModel::loss(const nn::Batch& batch) const {
  auto x = at::embedding(at("trunk.embed.tokens"), batch.inputs) +
           at("trunk.positions").narrow(0, 0, batch.inputs.size(1));  // (B, T, H)
  for (int64_t i = 0; i < shape_.layers; ++i) {
    const auto block = "trunk.block" + std::to_string(i);
    x = x + attention(norm(x, block + ".norm1"), block + ".attention");
    x = x +
        linear(at::gelu(linear(norm(x, block + ".norm2"), block + ".mlp.up")), block + ".mlp.down");
  }
  const auto logits = linear(norm(x, "trunk.norm").mean(1), "head");
  const bool wide = logits.scalar_type() == torch::kDouble;
  return at::cross_entropy_loss(wide ? logits : logits.to(torch::kFloat), batch.targets);
}

PlainStep::PlainStep(PlainModel model, bool bf16) : model_(std::move(model)), bf16_(bf16) {
  for (const auto& p : model_.parameters()) {
    exp_avg_.push_back(torch::zeros_like(p.detach()));
    exp_avg_sq_.push_back(torch::zeros_like(p.detach()));
    steps_.push_back(torch::zeros({}, torch::dtype(torch::kFloat).device(p.device())));
  }
}

void PlainStep::run(const nn::Batch& batch) {
  std::vector<Tensor> gradients;
  {
    Tensor loss;
    {
      const train::AutocastScope autocast(batch.inputs.device().type(), bf16_);
      loss = model_.loss(batch);
    }
    gradients = torch::autograd::grad({loss}, model_.parameters());
  }
  const torch::NoGradGuard no_grad;
  const auto norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients)));
  at::_foreach_mul_(gradients, (1.0 / (norm + 1e-6)).clamp_max(1.0));
  at::_foreach_add_(steps_, 1);
  auto parameters = model_.parameters();
  at::_fused_adamw_(parameters, gradients, exp_avg_, exp_avg_sq_, {}, steps_, 1e-3, 0.9, 0.999,
                    0.01, 1e-8, false, false);
}

}  // namespace regard::lab
