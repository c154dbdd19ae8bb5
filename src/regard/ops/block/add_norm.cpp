#include "regard/ops/block/add_norm.hpp"

#include <ATen/ops/layer_norm.h>
#include <ATen/ops/rms_norm.h>

#include "regard/ops/block/add_norm_call.hpp"
#include "regard/ops/block/product_norm.hpp"

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

struct AddNorm : torch::autograd::Function<AddNorm> {
  static variable_list forward(AutogradContext* ctx, const Tensor& x, const MaybeTensor& branch_in,
                               const MaybeTensor& branch_bias, const Tensor& weight,
                               const MaybeTensor& bias, const NormCall& call) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(x.device());
    const auto branch = branch_in ? branch_in->contiguous() : Tensor();
    const auto problem = call.problem(x);
    const auto sum = branch.defined() ? at::empty(x.sizes(), x.options()) : x;
    const auto h = at::empty(x.sizes(), x.options().dtype(call.h));
    const auto stats = at::empty({problem.rows, 2}, x.options().dtype(torch::kFloat));
    check_status(cuda::add_norm_forward(
                     problem, x.const_data_ptr(), data_or_null(branch),
                     const_floats_or_null(branch_bias.value_or(Tensor())),
                     weight.const_data_ptr<float>(), const_floats_or_null(bias.value_or(Tensor())),
                     sum.data_ptr(), h.data_ptr(), stats.data_ptr<float>(), stream_of(x)),
                 "add_norm");
    ctx->save_for_backward({sum, stats, weight, call.key.step});
    call.keep(ctx);
    ctx->saved_data["branch"] = branch.defined();
    ctx->saved_data["bias"] = branch_bias.has_value();
    ctx->set_materialize_grads(false);
    return {sum, h};
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const c10::DeviceGuard guard(saved[0].device());
    const auto out = norm_gradients(ctx, saved, grads, "add_norm");
    return {out.x, out.branch, out.branch_bias, out.weight, out.bias, Tensor()};
  }
};

}  // namespace

Support can_add_norm(const Place& place, int64_t width) {
  if (auto gpu = on_gpu(place.device); !gpu.ok) return gpu;
  if (!cuda::can_add_norm(width)) return Support::no("it takes widths up to 1024, multiples of 8");
  const bool types = has_storage(place.stream) && has_storage(place.product) &&
                     (place.stream == place.product || place.stream == torch::kFloat);
  return types ? Support::yes() : Support::no("it takes fp32, or one 16-bit type");
}

Normed add_norm(const Tensor& x, const Branch& branch, const NormParameters& norm, double p,
                const DropoutKey& key) {
  if (const auto out = product_norm(x, branch, norm, p, key)) return *out;
  if (can_fuse_norm(x, branch, norm)) {
    auto out = AddNorm::apply(x, maybe(branch.value()), maybe(branch.bias), norm.weight,
                              maybe(norm.bias), NormCall(x, branch, norm, p, key));
    return {out[0], out[1]};
  }
  return plain(x, branch, norm, p, key);
}

}  // namespace regard::ops
