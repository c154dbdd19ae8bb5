#include "regard/ops/attention/linear_features.hpp"

#include "regard/base/error.hpp"
#include "regard/kernels/cuda/elementwise.hpp"
#include "regard/ops/cuda.hpp"
#include "regard/ops/place.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

struct LinearFeatures : torch::autograd::Function<LinearFeatures> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& x_in,
                        const std::optional<Tensor>& lengths) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(x_in.device());
    const auto x = x_in.stride(3) == 1 ? x_in : x_in.contiguous();
    const auto phi = at::empty(x.sizes(), x.options());
    check_status(
        kernels::cuda::linear_features(storage_of(x.scalar_type()),
                                       {x.const_data_ptr(), x.stride(0), x.stride(1), x.stride(2)},
                                       x.size(0), x.size(1), x.size(2), x.size(3),
                                       lengths ? lengths->const_data_ptr<int64_t>() : nullptr,
                                       phi.data_ptr(), stream_of(x)),
        "linear_features");
    ctx->save_for_backward({phi});
    return phi;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 const torch::autograd::variable_list& grads) {
    const auto phi = ctx->get_saved_variables()[0], g = grads[0].contiguous();
    const c10::DeviceGuard guard(phi.device());
    const auto dx = at::empty(phi.sizes(), phi.options());
    check_status(kernels::cuda::linear_features_backward(
                     storage_of(phi.scalar_type()), phi.const_data_ptr(), g.const_data_ptr(),
                     dx.data_ptr(), phi.numel(), stream_of(phi)),
                 "linear_features");
    return {dx, Tensor()};
  }
};

}  // namespace

Support can_linear_features(torch::DeviceType device, torch::ScalarType type) {
  if (auto gpu = on_gpu(device); !gpu.ok) return gpu;
  return has_storage(type) ? Support::yes() : Support::no("it takes fp32, bf16 and fp16");
}

Tensor linear_features(const Tensor& x, const Tensor& lengths) {
  TORCH_CHECK(x.dim() == 4 && has_storage(x.scalar_type()),
              "regard::linear_features: (batch, heads, time, width) in fp32, fp16 or bf16 was ",
              "expected, and ", x.scalar_type(), " of shape ", x.sizes(), " came");
  return LinearFeatures::apply(
      x, lengths.defined() ? std::optional<Tensor>(lengths.contiguous()) : std::nullopt);
}

}  // namespace regard::ops
