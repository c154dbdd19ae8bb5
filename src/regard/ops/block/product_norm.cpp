#include "regard/ops/block/product_norm.hpp"

#include "regard/kernels/cuda/product_norm.hpp"
#include "regard/ops/block/add_norm_call.hpp"
#include "regard/ops/block/linear_call.hpp"
#include "regard/ops/block/product.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

struct ProductNorm : torch::autograd::Function<ProductNorm> {
  static variable_list forward(AutogradContext* ctx, const Tensor& x, const Tensor& in,
                               const Tensor& weight, const MaybeTensor& branch_bias,
                               const Tensor& gamma, const MaybeTensor& beta, const NormCall& call) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(x.device());
    const auto problem = call.problem(x);
    const auto rows = in.reshape({-1, in.size(-1)}).contiguous(),
               w = cast_weight(weight, in.scalar_type()).contiguous();
    const auto sum = at::empty(x.sizes(), x.options()), h = at::empty(x.sizes(), x.options());
    const auto stats = at::empty({problem.rows, 2}, x.options().dtype(torch::kFloat));
    check_status(cuda::product_norm(problem, rows.const_data_ptr(), w.const_data_ptr(),
                                    const_floats_or_null(branch_bias.value_or(Tensor())),
                                    x.const_data_ptr(), gamma.const_data_ptr<float>(),
                                    const_floats_or_null(beta.value_or(Tensor())), sum.data_ptr(),
                                    h.data_ptr(), stats.data_ptr<float>(), stream_of(x)),
                 "product_norm");
    ctx->save_for_backward({sum, stats, gamma, call.key.step, rows, w});
    call.keep(ctx);
    ctx->saved_data["branch"] = true;
    ctx->saved_data["bias"] = branch_bias.has_value();
    ctx->saved_data["weight"] = static_cast<int64_t>(weight.scalar_type());
    ctx->set_materialize_grads(false);
    return {sum, h};
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const auto &rows = saved[4], &w = saved[5];
    const c10::DeviceGuard guard(rows.device());
    const auto out = norm_gradients(ctx, saved, grads, "product_norm");
    const auto g = out.branch.view(rows.sizes());
    Tensor drows, dweight;
    if (ctx->needs_input_grad(1)) drows = product(g, w).view(out.x.sizes());
    if (ctx->needs_input_grad(2)) {
      const auto type = static_cast<torch::ScalarType>(ctx->saved_data["weight"].toInt());
      dweight = weight_gradient(g, rows, type);
    }
    return {out.x, drows, dweight, out.branch_bias, out.weight, out.bias, Tensor()};
  }
};

}  // namespace

Support can_product_norm(const Place& place, int64_t rows, int64_t width) {
  if (auto half = half_on_hopper(place); !half.ok) return half;
  if (place.stream != place.product) return Support::no("the residual stream has another type");
  const auto storage = storage_of(place.product);
  return cuda::product_norm_takes({rows, static_cast<int>(width), storage, storage, true, 0, {}})
             ? Support::yes()
             : Support::no("it takes a square weight of width 256");
}

bool can_wait(const Tensor& x, const Tensor& weight, torch::ScalarType type) {
  return x.is_cuda() && x.numel() > 0 && weight.dim() == 2 && weight.size(0) == weight.size(1) &&
         can_product_norm({torch::kCUDA, type, type}, x.numel() / x.size(-1), weight.size(0)).ok;
}

std::optional<Normed> product_norm(const Tensor& x, const Branch& branch,
                                   const NormParameters& norm, double p, const DropoutKey& key) {
  const auto* product = branch.waiting();
  if (!product || !can_wait(product->x, product->weight, product->x.scalar_type())) return {};
  const auto& [in, weight] = *product;
  if (in.sizes() != x.sizes() || in.scalar_type() != x.scalar_type()) return {};
  if (!can_fuse_norm(x, branch, norm)) return {};
  auto out = ProductNorm::apply(x, in, weight, maybe(branch.bias), norm.weight, maybe(norm.bias),
                                NormCall(x, branch, norm, p, key));
  return Normed{out[0], out[1]};
}

}  // namespace regard::ops
