#include "regard/ops/block/linear.hpp"

#include <ATen/ops/addmm.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>

#include "regard/kernels/cuda/columns.hpp"
#include "regard/kernels/cuda/prepare_weights.hpp"
#include "regard/ops/block/linear_call.hpp"
#include "regard/ops/block/product.hpp"
#include "regard/ops/block/product_norm.hpp"
#include "regard/ops/maybe.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

Tensor plain_basis(const Tensor& w, const Tensor& given, BasisSide side) {
  const auto u = given.to(w.options());
  const int64_t d = u.size(0);
  if (side == BasisSide::kColumns) return at::matmul(w.reshape({-1, d}), u).view_as(w);
  return at::matmul(u.t(), w.view({w.size(0) / d, d, -1})).view_as(w);
}

Tensor scratch_for(const Tensor& x, int64_t rows, int64_t columns) {
  return at::empty({cuda::column_sums_scratch(rows, columns)}, x.options().dtype(torch::kFloat));
}

Tensor sum_of_columns(const Tensor& g) {
  const c10::DeviceGuard guard(g.device());
  const auto sums = at::empty({g.size(1)}, g.options().dtype(torch::kFloat));
  const auto scratch = scratch_for(g, g.size(0), g.size(1));
  check_status(
      cuda::column_sums(storage_of(g.scalar_type()), g.const_data_ptr(), g.size(0), g.size(1),
                        sums.data_ptr<float>(), scratch.data_ptr<float>(), stream_of(g)),
      "linear");
  return sums;
}

struct Linear : torch::autograd::Function<Linear> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight,
                        const MaybeTensor& bias) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto type = product_type(x);
    const auto rows = x.to(type).reshape({-1, x.size(-1)}), w = cast_weight(weight, type);
    const auto y = product_transposed(rows, w, bias ? bias->to(type) : Tensor());
    ctx->save_for_backward({rows, w});
    ctx->saved_data["sizes"] = x.sizes().vec();
    ctx->saved_data["x"] = static_cast<int64_t>(x.scalar_type());
    ctx->saved_data["weight"] = static_cast<int64_t>(weight.scalar_type());
    ctx->saved_data["bias"] = bias ? static_cast<int64_t>(bias->scalar_type()) : int64_t{-1};
    auto sizes = x.sizes().vec();
    sizes.back() = weight.size(0);
    return y.view(sizes);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const auto &rows = saved[0], &w = saved[1];
    const c10::DeviceGuard guard(rows.device());
    const auto type_of = [&](const char* name) {
      return static_cast<torch::ScalarType>(ctx->saved_data[name].toInt());
    };
    const auto g = grads[0].reshape({-1, w.size(0)}).contiguous();
    Tensor dx, dweight, dbias;
    if (ctx->needs_input_grad(0)) {
      dx = product(g, w).view(ctx->saved_data["sizes"].toIntVector()).to(type_of("x"));
    }
    if (ctx->needs_input_grad(1)) {
      dweight = weight_gradient(g, rows, type_of("weight"));
    }
    if (ctx->saved_data["bias"].toInt() >= 0 && ctx->needs_input_grad(2)) {
      dbias = bias_gradient(g, g.size(1)).to(type_of("bias"));
    }
    return {dx, dweight, dbias};
  }
};

struct BiasGradient : torch::autograd::Function<BiasGradient> {
  static Tensor forward(AutogradContext* ctx, const Tensor& value, const Tensor& bias) {
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->saved_data["count"] = bias.numel();
    return value.alias();
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    return {grads[0], bias_gradient(grads[0], ctx->saved_data["count"].toInt())};
  }
};

struct BiasGelu : torch::autograd::Function<BiasGelu> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x_in, const Tensor& bias) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(x_in.device());
    const auto x = x_in.contiguous();
    const auto y = at::empty(x.sizes(), x.options());
    const int64_t columns = x.size(-1);
    check_status(cuda::bias_gelu(storage_of(x.scalar_type()), x.const_data_ptr(),
                                 bias.const_data_ptr<float>(), y.data_ptr(), x.numel() / columns,
                                 columns, stream_of(x)),
                 "bias_gelu");
    ctx->save_for_backward({x, bias});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const auto &x = saved[0], &bias = saved[1], g = grads[0].contiguous();
    const c10::DeviceGuard guard(x.device());
    const auto dx = at::empty(x.sizes(), x.options()),
               dbias = at::empty(bias.sizes(), bias.options());
    const int64_t columns = x.size(-1), rows = x.numel() / columns;
    const auto scratch = scratch_for(x, rows, columns);
    check_status(cuda::bias_gelu_backward(storage_of(x.scalar_type()), x.const_data_ptr(),
                                          bias.const_data_ptr<float>(), g.const_data_ptr(),
                                          dx.data_ptr(), rows, columns, dbias.data_ptr<float>(),
                                          scratch.data_ptr<float>(), stream_of(x)),
                 "bias_gelu");
    return {dx, dbias};
  }
};

struct ChangeBasis : torch::autograd::Function<ChangeBasis> {
  static variable_list run(const Tensor& w, const Tensor& extra, const Tensor& u, bool rows,
                           bool transposed, torch::ScalarType type) {
    const c10::DeviceGuard guard(w.device());
    const auto out = at::empty(w.sizes(), w.options().dtype(type));
    const auto extra_out = extra.defined() ? at::empty(extra.sizes(), extra.options()) : Tensor();
    const int64_t d = u.size(0), first = w.size(0), second = w.numel() / first;
    const cuda::Weight item{
        .problem = {(rows ? first : second) / d, d, rows ? second : first, rows, transposed},
        .w = w.const_data_ptr(),
        .extra = extra.defined() ? extra.const_data_ptr<float>() : nullptr,
        .u = u.const_data_ptr<float>(),
        .out = out.data_ptr(),
        .extra_out = extra.defined() ? extra_out.data_ptr<float>() : nullptr};
    check_status(
        cuda::prepare_weights({item}, storage_of(w.scalar_type()), storage_of(type), stream_of(w)),
        "change_basis");
    return {out, extra_out};
  }

  static variable_list forward(AutogradContext* ctx, const Tensor& w, const MaybeTensor& extra,
                               const Tensor& u, bool rows, torch::ScalarType type) {
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({u});
    ctx->saved_data["rows"] = rows;
    ctx->saved_data["type"] = static_cast<int64_t>(w.scalar_type());
    auto out = run(w, extra.value_or(Tensor()), u, rows, false, type);
    if (!extra) out.pop_back();
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto u = ctx->get_saved_variables()[0];
    const auto out = run(grads[0].contiguous(), grads.size() > 1 ? grads[1].contiguous() : Tensor(),
                         u, ctx->saved_data["rows"].toBool(), true,
                         static_cast<torch::ScalarType>(ctx->saved_data["type"].toInt()));
    return {out[0], out[1], Tensor(), Tensor(), Tensor()};
  }
};

bool can_change_basis(const Tensor& w, const Tensor& u) {
  return half_on_gpu(w) && w.is_contiguous() && has_storage(w.scalar_type()) &&
         u.scalar_type() == torch::kFloat && u.is_contiguous();
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (half_on_gpu(x)) return Linear::apply(x, weight, maybe(bias));
  return at::linear(x, weight, maybe(bias));
}

Branch linear_branch(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (half_on_gpu(x) && (!bias.defined() || bias.scalar_type() == torch::kFloat)) {
    const auto type = product_type(x);
    if (can_wait(x, weight, type)) return {WaitingProduct{x.to(type), weight}, bias};
    return {linear(x, weight, Tensor()), bias};
  }
  return {linear(x, weight, bias), Tensor()};
}

DeferredBias linear_deferred_bias(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (half_on_gpu(x) && bias.defined() && bias.scalar_type() == torch::kFloat) {
    return {linear(x, weight, bias.detach()), bias};
  }
  return {linear(x, weight, bias), Tensor()};
}

Tensor with_bias_gradient(const DeferredBias& linear) {
  if (linear.bias.defined()) return BiasGradient::apply(linear.value, linear.bias);
  return linear.value;
}

Tensor bias_gradient(const Tensor& given, int64_t count) {
  const auto g = given.reshape({-1, count}).contiguous();
  if (g.is_cuda() && on_gpu(torch::kCUDA).ok && has_storage(g.scalar_type()) && count % 8 == 0 &&
      g.size(0) > 0) {
    return sum_of_columns(g);
  }
  return g.sum(0, false, torch::kFloat);
}

Tensor linear_gelu(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (half_on_gpu(x) && bias.scalar_type() == torch::kFloat && bias.size(0) % 8 == 0 &&
      x.numel() > 0) {
    return BiasGelu::apply(linear(x, weight, Tensor()), bias);
  }
  return at::gelu(linear(x, weight, bias));
}

Tensor change_basis(const Tensor& w, const Tensor& u, BasisSide side) {
  if (can_change_basis(w, u)) {
    const bool rows = side == BasisSide::kRows;
    if (const auto ready = ready_weight({w, Tensor(), u, rows, product_type(w)})) {
      return ready->weight;
    }
    return ChangeBasis::apply(w, std::nullopt, u, rows, product_type(w))[0];
  }
  return plain_basis(w, u, side);
}

WeightAndBias change_basis(const WeightAndBias& layer, const Tensor& u) {
  const auto& [weight, bias] = layer;
  if (bias.defined() && bias.scalar_type() == torch::kFloat && can_change_basis(weight, u)) {
    if (const auto ready = ready_weight({weight, bias, u, true, product_type(weight)})) {
      return {ready->weight, ready->bias};
    }
    const auto out = ChangeBasis::apply(weight, bias, u, true, product_type(weight));
    return {out[0], out[1]};
  }
  return {
      change_basis(weight, u, BasisSide::kRows),
      bias.defined() ? change_basis(bias.unsqueeze(1), u, BasisSide::kRows).squeeze(1) : Tensor()};
}

}  // namespace regard::ops
