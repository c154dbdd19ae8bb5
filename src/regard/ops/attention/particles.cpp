#include "regard/ops/attention/particles.hpp"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <torch/csrc/autograd/grad_mode.h>
#include <torch/library.h>

#include "regard/kernels/cpu/particles.hpp"
#include "regard/ops/parallel.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

template <class T>
Tensor fused(const Tensor& x_in, const Tensor& mass_in, double beta, bool normalised) {
  const auto x = x_in.contiguous(), mass = mass_in.contiguous();
  const auto v = at::empty_like(x);
  kernels::cpu::particle_velocity<T>(
      {x.size(0), x.size(1), x.const_data_ptr<T>(), mass.const_data_ptr<T>(), beta, normalised},
      v.mutable_data_ptr<T>(), nullptr, parallel_for);
  return v;
}

}  // namespace

Tensor plain_particle_velocity(const Tensor& x, const Tensor& mass, double beta, bool normalised) {
  // <x, y> - 1 as -|x - y|^2 / 2: near points keep their digits.
  const auto away = x.unsqueeze(0) - x.unsqueeze(1);                       // (n, n, d): x_j - x_i
  const auto weight = mass * (away.square().sum(-1) * (-beta / 2)).exp();  // (n, n)
  const auto pull = weight.unsqueeze(1).bmm(away).squeeze(1);              // (n, d)
  const auto tangent = pull - (pull * x).sum(-1, true) * x;
  return normalised ? tangent / weight.sum(-1, true) : tangent;
}

Tensor particle_velocity(const Tensor& x, const std::optional<Tensor>& weights, double beta,
                         const std::string& model) {
  TORCH_CHECK(x.dim() == 2 && x.size(1) >= 2 && x.is_floating_point(),
              "regard::particle_velocity: x is (n, d) with d >= 2, of reals, and ", x.scalar_type(),
              " of shape ", x.sizes(), " came");
  TORCH_CHECK(model == "sa" || model == "usa",
              "regard::particle_velocity: model is sa or usa, and \"", model, "\" came");
  TORCH_CHECK(beta >= 0 && beta <= 1e9,
              "regard::particle_velocity: beta lies between 0 and 1e9, and ", beta, " came");
  const bool normalised = model == "sa", given = weights.has_value() && weights->defined();
  TORCH_CHECK(!given || (weights->dim() == 1 && weights->size(0) == x.size(0) &&
                         weights->device() == x.device()),
              "regard::particle_velocity: weights are (n), one for each row of x, on its device");
  const auto n = x.size(0);
  if (n == 0) return at::empty_like(x);
  const auto mass = given ? weights->to(x.scalar_type()) / weights->to(x.scalar_type()).sum()
                          : at::full({n}, 1.0 / static_cast<double>(n), x.options());
  const bool gradient =
      torch::GradMode::is_enabled() && (x.requires_grad() || mass.requires_grad());
  if (x.is_cpu() && !gradient && x.scalar_type() == torch::kFloat)
    return fused<float>(x, mass, beta, normalised);
  if (x.is_cpu() && !gradient && x.scalar_type() == torch::kDouble)
    return fused<double>(x, mass, beta, normalised);
  return plain_particle_velocity(x, mass, beta, normalised);
}

TORCH_LIBRARY_FRAGMENT(regard, m) {
  m.def("particle_velocity(Tensor x, Tensor? weights, float beta, str model) -> Tensor",
        &particle_velocity);
}

}  // namespace regard::ops
