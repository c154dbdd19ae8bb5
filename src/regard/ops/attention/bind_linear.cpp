#include "regard/ops/attention/bind_linear.hpp"

#include "regard/ops/block/linear_call.hpp"

#include "regard/kernels/cuda/bind_product.hpp"
#include "regard/ops/block/product.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

constexpr int64_t kLong =
    4096;  // shorter sequences stay in shared memory as a whole (hrr_resident.hpp)

cuda::BindProduct problem_of(const Tensor& x, int64_t heads, torch::ScalarType type) {
  return {storage_of(type), x.size(0), x.size(1), heads};
}

struct BindLinear : torch::autograd::Function<BindLinear> {
  static variable_list forward(AutogradContext* ctx, const Tensor& x_in, const Tensor& weight,
                               const Tensor& bias, int64_t heads) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(x_in.device());
    const auto type = product_type(x_in);
    const auto x = x_in.to(type).contiguous(), w = cast_weight(weight, type).contiguous();
    const auto problem = problem_of(x, heads, type);
    const auto y = at::empty({x.size(0), x.size(1), w.size(0)}, x.options());
    const auto parts = at::empty(
        {x.size(0), cuda::bind_product_chunks(problem), heads, x.size(2) / heads}, bias.options());
    check_status(cuda::bind_product(problem, x.const_data_ptr(), w.const_data_ptr(),
                                    bias.const_data_ptr<float>(), y.data_ptr(),
                                    parts.data_ptr<float>(), stream_of(x)),
                 "linear_bind");
    ctx->save_for_backward({x, w});
    ctx->saved_data["x"] = static_cast<int64_t>(x_in.scalar_type());
    ctx->saved_data["weight"] = static_cast<int64_t>(weight.scalar_type());
    ctx->mark_non_differentiable({parts});
    ctx->set_materialize_grads(false);
    return {y, parts};
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    if (!grads[0].defined()) return {Tensor(), Tensor(), Tensor(), Tensor()};
    const auto saved = ctx->get_saved_variables();
    const auto &x = saved[0], &w = saved[1];
    const c10::DeviceGuard guard(x.device());
    const auto type_of = [&](const char* name) {
      return static_cast<torch::ScalarType>(ctx->saved_data[name].toInt());
    };
    const auto g = grads[0].reshape({-1, w.size(0)}).contiguous();
    Tensor dx, dweight;
    if (ctx->needs_input_grad(0)) dx = product(g, w).view(x.sizes()).to(type_of("x"));
    if (ctx->needs_input_grad(1)) {
      dweight = weight_gradient(g, x.view({-1, x.size(2)}), type_of("weight"));
    }
    return {dx, dweight, Tensor(), Tensor()};
  }
};

bool can_bind(const Tensor& x, const WeightAndBias& layer, int64_t heads) {
  if (!half_on_gpu(x) || x.dim() != 3) return false;
  if (layer.weight.size(0) != 3 * x.size(2) || !layer.bias.defined()) return false;
  if (layer.bias.scalar_type() != torch::kFloat || !layer.bias.is_contiguous()) return false;
  return can_bind_linear(place_of(x), x.size(0), x.size(1), x.size(2), heads).ok;
}

}  // namespace

Support can_bind_linear(const Place& place, int64_t batch, int64_t length, int64_t width,
                        int64_t heads) {
  if (auto half = half_on_hopper(place); !half.ok) return half;
  if (length < kLong) return Support::no("it takes 4,096 tokens and more");
  return width == 256 && cuda::bind_product_takes({storage_of(place.product), batch, length, heads})
             ? Support::yes()
             : Support::no("it takes width 256, 4, 8 or 16 heads, lengths of whole tiles");
}

DeferredBias linear_bind(const Tensor& x, const WeightAndBias& layer, int64_t heads) {
  if (can_bind(x, layer, heads)) {
    const auto out = BindLinear::apply(x, layer.weight, layer.bias.detach(), heads);
    return {out[0], layer.bias, out[1]};
  }
  return linear_deferred_bias(x, layer.weight, layer.bias);
}

}  // namespace regard::ops
