#include "regard/ops/add_norm.hpp"

#include <ATen/autocast_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>

#include "regard/ops/cuda.hpp"
#ifdef REGARD_CUDA
#include "regard/kernels/cuda/add_norm.hpp"
#endif

namespace regard::ops {
using torch::Tensor;

namespace {

Normed plain(const Tensor& x, const Branch& branch, const NormParameters& norm, double p,
             const DropoutKey& key) {
  const auto sum = branch.defined() ? x + dropout(branch.sum(), p, key) : x;
  const auto size = norm.weight.sizes();
  return {sum, norm.centred ? at::layer_norm(sum, size, norm.weight, norm.bias, norm.eps)
                            : at::rms_norm(sum, size, norm.weight, norm.eps)};
}

#ifdef REGARD_CUDA

namespace cuda = kernels::cuda;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

torch::ScalarType type_of_h(const Tensor& x, const Tensor& branch) {
  if (branch.defined()) return branch.scalar_type();
  return at::autocast::is_autocast_enabled(torch::kCUDA)
             ? at::autocast::get_autocast_dtype(torch::kCUDA)
             : x.scalar_type();
}

bool can_fuse(const Tensor& x, const Branch& branch, const NormParameters& norm) {
  if (!x.is_cuda() || !cuda::can_add_norm(x.size(-1)) || !x.is_contiguous()) return false;
  if (norm.weight.scalar_type() != torch::kFloat) return false;
  const auto stream = x.scalar_type(), h = type_of_h(x, branch.value);
  if (branch.bias.defined() && branch.bias.scalar_type() != torch::kFloat) return false;
  return has_storage(stream) && has_storage(h) && (stream == h || stream == torch::kFloat);
}

cuda::AddNormProblem problem_of(const Tensor& x, torch::ScalarType h, bool centred, double eps,
                                double p, const DropoutKey& key) {
  cuda::AddNormProblem problem{x.numel() / x.size(-1),
                               static_cast<int>(x.size(-1)),
                               storage_of(x.scalar_type()),
                               storage_of(h),
                               centred,
                               static_cast<float>(eps),
                               {}};
  if (p > 0) {
    problem.draw =
        cuda::make_draw(p, static_cast<uint64_t>(key.seed), key.step.const_data_ptr<int64_t>(),
                        static_cast<uint32_t>(key.site));
  }
  return problem;
}

const float* data_or_null(const Tensor& x) {
  return x.defined() ? x.const_data_ptr<float>() : nullptr;
}

struct AddNorm : torch::autograd::Function<AddNorm> {
  // An undefined tensor is no variable for autograd: optional ones are.
  static variable_list forward(AutogradContext* ctx, const Tensor& x,
                               const std::optional<Tensor>& branch_in,
                               const std::optional<Tensor>& branch_bias, const Tensor& weight,
                               const std::optional<Tensor>& bias_in, bool centred, double eps,
                               double p, const DropoutKey& key) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(x.device());
    const auto branch = branch_in ? branch_in->contiguous() : Tensor();
    const auto bias = bias_in.value_or(Tensor());
    const auto type = type_of_h(x, branch);
    const auto problem = problem_of(x, type, centred, eps, p, key);
    const auto sum = branch.defined() ? at::empty(x.sizes(), x.options()) : x;
    const auto h = at::empty(x.sizes(), x.options().dtype(type));
    const auto stats = at::empty({problem.rows, 2}, x.options().dtype(torch::kFloat));
    check_status(
        cuda::add_norm_forward(problem, x.const_data_ptr(),
                               branch.defined() ? branch.const_data_ptr() : nullptr,
                               data_or_null(branch_bias.value_or(Tensor())),
                               weight.const_data_ptr<float>(), data_or_null(bias), sum.data_ptr(),
                               h.data_ptr(), stats.data_ptr<float>(), stream_of(x)),
        "add_norm");
    ctx->save_for_backward({sum, stats, weight, key.step});
    ctx->saved_data["centred"] = centred;
    ctx->saved_data["eps"] = eps;
    ctx->saved_data["p"] = p;
    ctx->saved_data["seed"] = key.seed;
    ctx->saved_data["site"] = key.site;
    ctx->saved_data["branch"] = branch.defined();
    ctx->saved_data["bias"] = branch_bias.has_value();
    ctx->saved_data["type"] = static_cast<int64_t>(type);
    ctx->set_materialize_grads(false);
    return {sum, h};
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const auto &x = saved[0], &stats = saved[1], &weight = saved[2];
    const c10::DeviceGuard guard(x.device());
    const auto type = static_cast<torch::ScalarType>(ctx->saved_data["type"].toInt());
    const double p = ctx->saved_data["p"].toDouble();
    const bool centred = ctx->saved_data["centred"].toBool();
    const auto problem =
        problem_of(x, type, centred, ctx->saved_data["eps"].toDouble(), p,
                   {ctx->saved_data["seed"].toInt(), saved[3], ctx->saved_data["site"].toInt()});
    const auto next = grads[0].defined() ? grads[0].contiguous() : Tensor();
    const auto dh =
        grads[1].defined() ? grads[1].contiguous() : at::zeros_like(x, x.options().dtype(type));
    const auto dx = at::empty(x.sizes(), x.options());
    const bool branch = ctx->saved_data["branch"].toBool();
    // Without dropout and with one type the two gradients are one tensor.
    const bool same = p == 0 && type == x.scalar_type();
    const auto dbranch = !branch ? Tensor()
                         : same  ? dx
                                 : at::empty(x.sizes(), x.options().dtype(type));
    const auto dweight = at::empty(weight.sizes(), weight.options());
    const auto dbias = centred ? at::empty(weight.sizes(), weight.options()) : Tensor(),
               dbranch_bias = ctx->saved_data["bias"].toBool()
                                  ? at::empty(weight.sizes(), weight.options())
                                  : Tensor();
    const auto scratch = at::empty({cuda::add_norm_blocks(problem) * 3, problem.width},
                                   x.options().dtype(torch::kFloat));
    check_status(
        cuda::add_norm_backward(
            problem, x.const_data_ptr(), stats.const_data_ptr<float>(),
            weight.const_data_ptr<float>(), next.defined() ? next.const_data_ptr() : nullptr,
            dh.const_data_ptr(), dx.data_ptr(), branch && !same ? dbranch.data_ptr() : nullptr,
            dweight.data_ptr<float>(), centred ? dbias.data_ptr<float>() : nullptr,
            dbranch_bias.defined() ? dbranch_bias.data_ptr<float>() : nullptr,
            scratch.data_ptr<float>(), stream_of(x)),
        "add_norm");
    return {dx, dbranch, dbranch_bias, dweight, dbias, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

#endif

}  // namespace

Normed add_norm(const Tensor& x, const Branch& branch, const NormParameters& norm, double p,
                const DropoutKey& key) {
#ifdef REGARD_CUDA
  if (can_fuse(x, branch, norm)) {
    auto with_step = key;
    if (p > 0 && !key.step.defined()) {
      with_step.step = at::zeros({}, x.options().dtype(torch::kLong));
    }
    const auto maybe = [](const Tensor& t) {
      return t.defined() ? std::optional<Tensor>(t) : std::nullopt;
    };
    auto out = AddNorm::apply(x, maybe(branch.value), maybe(branch.bias), norm.weight,
                              maybe(norm.bias), norm.centred, norm.eps, p, with_step);
    return {out[0], out[1]};
  }
#endif
  return plain(x, branch, norm, p, key);
}

}  // namespace regard::ops
