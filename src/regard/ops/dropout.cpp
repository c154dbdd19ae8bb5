#include "regard/ops/dropout.hpp"

#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>

#include "regard/base/error.hpp"
#include "regard/kernels/cpu/dropout.hpp"
#include "regard/ops/cuda.hpp"
#include "regard/ops/parallel.hpp"
#ifdef REGARD_CUDA
#include "regard/kernels/cuda/elementwise.hpp"
#endif

namespace regard::ops {
using torch::Tensor;

namespace {

Tensor scale_on_cpu(const Tensor& x, double p, const DropoutKey& key) {
  auto scale = at::empty(x.sizes(), torch::TensorOptions().dtype(torch::kFloat));
  auto* data = scale.data_ptr<float>();
  const int64_t step = key.step.defined() ? *key.step.const_data_ptr<int64_t>() : 0;
  const int64_t blocks = (x.numel() + 3) / 4;
  parallel_for(blocks, 4096, [&](int64_t begin, int64_t end) {
    kernels::cpu::dropout_scale(data, begin * 4, std::min(end * 4, x.numel()), p,
                                static_cast<uint64_t>(key.seed), static_cast<uint64_t>(step),
                                static_cast<uint32_t>(key.site));
  });
  return scale;
}

#ifdef REGARD_CUDA
/// One pass over x, and one over its gradient with the same numbers drawn again: no mask is kept.
struct DropoutOnCuda : torch::autograd::Function<DropoutOnCuda> {
  static Tensor apply_to(const Tensor& x_in, double p, const DropoutKey& key) {
    const c10::DeviceGuard guard(x_in.device());
    const auto x = x_in.contiguous();
    const auto y = at::empty(x.sizes(), x.options());
    check_status(kernels::cuda::dropout_apply(
                     storage_of(x.scalar_type()), x.const_data_ptr(), y.data_ptr(), x.numel(),
                     kernels::cuda::make_draw(p, static_cast<uint64_t>(key.seed),
                                              key.step.const_data_ptr<int64_t>(),
                                              static_cast<uint32_t>(key.site)),
                     stream_of(x)),
                 "dropout");
    return y;
  }

  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& x, double p,
                        const DropoutKey& key) {
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({key.step});
    ctx->saved_data["p"] = p;
    ctx->saved_data["seed"] = key.seed;
    ctx->saved_data["site"] = key.site;
    return apply_to(x, p, key);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 const torch::autograd::variable_list& g) {
    const DropoutKey key{ctx->saved_data["seed"].toInt(), ctx->get_saved_variables()[0],
                         ctx->saved_data["site"].toInt()};
    return {apply_to(g[0], ctx->saved_data["p"].toDouble(), key), Tensor(), Tensor()};
  }
};

Tensor on_cuda(const Tensor& x, double p, const DropoutKey& given) {
  auto key = given;
  if (!key.step.defined()) key.step = at::zeros({}, x.options().dtype(torch::kLong));
  return DropoutOnCuda::apply(x, p, key);
}
#else
Tensor on_cuda(const Tensor& x, double p, const DropoutKey& key) {
  // Without our CUDA kernels the numbers are made on the CPU and copied: the same numbers, slower.
  const auto step = key.step.defined() ? key.step.cpu() : Tensor();
  const auto scale = scale_on_cpu(x, p, {key.seed, step, key.site}).to(x.device(), true);
  return x * scale.to(x.scalar_type());
}
#endif

}  // namespace

Tensor dropout(const Tensor& x, double p, const DropoutKey& key) {
  if (p < 0 || p >= 1)
    throw InputError("dropout: a rate in [0, 1) was expected, and " + std::to_string(p) + " came");
  if (p == 0) return x;
  if (x.is_cuda()) return on_cuda(x, p, key);
  return x * scale_on_cpu(x, p, key).to(x.scalar_type());
}

}  // namespace regard::ops
