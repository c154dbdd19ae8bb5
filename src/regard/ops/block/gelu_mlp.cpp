#include "regard/ops/block/gelu_mlp.hpp"

#include "regard/ops/block/linear_call.hpp"

#include "regard/kernels/cuda/gelu_product.hpp"
#include "regard/ops/block/product.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

cuda::GeluProduct problem_of(int64_t rows, const Tensor& up, torch::ScalarType type) {
  return {storage_of(type), rows, up.size(1), up.size(0)};
}

struct GeluMlp : torch::autograd::Function<GeluMlp> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& up, const Tensor& bias,
                        const Tensor& down) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(x.device());
    const auto type = product_type(x);
    const auto rows = x.to(type).reshape({-1, x.size(-1)}).contiguous();
    const auto up_cast = cast_weight(up, type), down_cast = cast_weight(down, type);
    const auto before = at::empty({rows.size(0), up.size(0)}, rows.options());
    const auto activated = at::empty_like(before);
    check_status(cuda::gelu_product(problem_of(rows.size(0), up, type), rows.const_data_ptr(),
                                    up_cast.const_data_ptr(), bias.const_data_ptr<float>(),
                                    before.data_ptr(), activated.data_ptr(), stream_of(x)),
                 "gelu_mlp");
    ctx->save_for_backward({rows, up_cast, bias, down_cast, before, activated});
    ctx->saved_data["sizes"] = x.sizes().vec();
    ctx->saved_data["x"] = static_cast<int64_t>(x.scalar_type());
    ctx->saved_data["up"] = static_cast<int64_t>(up.scalar_type());
    ctx->saved_data["down"] = static_cast<int64_t>(down.scalar_type());
    return product_transposed(activated, down_cast, Tensor()).view(x.sizes());
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const auto &rows = saved[0], &up = saved[1], &bias = saved[2], &down = saved[3],
               &before = saved[4], &activated = saved[5];
    const c10::DeviceGuard guard(rows.device());
    const auto type_of = [&](const char* name) {
      return static_cast<torch::ScalarType>(ctx->saved_data[name].toInt());
    };
    const auto dy = grads[0].reshape({-1, down.size(0)}).contiguous();
    Tensor dx, dup, ddown;
    if (ctx->needs_input_grad(3)) ddown = weight_gradient(dy, activated, type_of("down"));
    const auto problem = problem_of(rows.size(0), up, rows.scalar_type());
    const auto dbefore = at::empty_like(before), dbias = at::empty_like(bias);
    const auto scratch = at::empty({cuda::gelu_product_scratch(problem)}, bias.options());
    check_status(cuda::gelu_product_backward(problem, dy.const_data_ptr(), down.const_data_ptr(),
                                             bias.const_data_ptr<float>(), before.const_data_ptr(),
                                             dbefore.data_ptr(), dbias.data_ptr<float>(),
                                             scratch.data_ptr<float>(), stream_of(rows)),
                 "gelu_mlp");
    if (ctx->needs_input_grad(0)) {
      dx = product(dbefore, up).view(ctx->saved_data["sizes"].toIntVector()).to(type_of("x"));
    }
    if (ctx->needs_input_grad(1)) dup = weight_gradient(dbefore, rows, type_of("up"));
    return {dx, dup, dbias, ddown};
  }
};

bool can_fuse(const Tensor& x, const WeightAndBias& up, const WeightAndBias& down) {
  if (!half_on_gpu(x) || x.numel() == 0) return false;
  if (!up.bias.defined() || up.bias.scalar_type() != torch::kFloat || !up.bias.is_contiguous()) {
    return false;
  }
  if (down.bias.defined() && down.bias.scalar_type() != torch::kFloat) return false;
  if (!up.weight.is_contiguous() || !down.weight.is_contiguous()) return false;
  return can_gelu_mlp(place_of(x), x.numel() / x.size(-1), up.weight.size(1), up.weight.size(0)).ok;
}

}  // namespace

Support can_gelu_mlp(const Place& place, int64_t rows, int64_t depth, int64_t columns) {
  if (auto half = half_on_hopper(place); !half.ok) return half;
  return cuda::gelu_product_takes({storage_of(place.product), rows, depth, columns})
             ? Support::yes()
             : Support::no("it takes width 128 or 256, and a feed-forward of a multiple of 256");
}

Branch gelu_mlp(const Tensor& x, const WeightAndBias& up, const WeightAndBias& down) {
  if (can_fuse(x, up, down)) return {GeluMlp::apply(x, up.weight, up.bias, down.weight), down.bias};
  return linear_branch(linear_gelu(x, up.weight, up.bias), down.weight, down.bias);
}

}  // namespace regard::ops
