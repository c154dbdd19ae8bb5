#include "regard/ops/block/dropout.hpp"

#include "regard/base/error.hpp"
#include "regard/kernels/cpu/dropout.hpp"
#include "regard/kernels/cuda/built.hpp"
#include "regard/kernels/cuda/elementwise.hpp"
#include "regard/ops/cuda.hpp"
#include "regard/ops/parallel.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

template <class T>
void run(const kernels::cpu::DropoutDraw& draw, const Tensor& x, Tensor& y) {
  const auto* from = static_cast<const T*>(x.const_data_ptr());
  auto* to = static_cast<T*>(y.data_ptr());
  parallel_for((x.numel() + 3) / 4, 4096, [&](int64_t begin, int64_t end) {
    kernels::cpu::dropout<T>(draw, from, to, begin * 4, std::min(end * 4, x.numel()));
  });
}

Tensor on_cpu(const Tensor& x_in, double p, const DropoutKey& key) {
  const kernels::cpu::DropoutDraw draw(p, static_cast<uint64_t>(key.seed),
                                       static_cast<uint64_t>(*key.step.const_data_ptr<int64_t>()),
                                       static_cast<uint32_t>(key.site));
  const auto x = x_in.contiguous();
  auto y = at::empty(x.sizes(), x.options());
  if (x.scalar_type() == torch::kFloat) {
    run<float>(draw, x, y);
  } else if (x.scalar_type() == torch::kBFloat16) {
    run<kernels::BFloat16>(draw, x, y);
  } else {
    auto scale = at::ones(x.sizes(), torch::kFloat);
    run<float>(draw, scale, scale);
    return x * scale.to(x.scalar_type());
  }
  return y;
}

/// Without our CUDA kernels the numbers are made on the CPU and copied: the same numbers, slower.
Tensor copied_draw(const Tensor& x, double p, const DropoutKey& key) {
  const auto scale =
      on_cpu(at::ones(x.sizes(), torch::kFloat), p, {key.seed, key.step.cpu(), key.site});
  return x * scale.to(x.device(), x.scalar_type(), /*non_blocking=*/true);
}

Tensor on_cuda(const Tensor& x_in, double p, const DropoutKey& key) {
  if (!kernels::cuda::built()) return copied_draw(x_in, p, key);
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

/// One pass over x, and one over its gradient with the same numbers drawn again: no mask is kept.
struct Dropout : torch::autograd::Function<Dropout> {
  static Tensor apply_to(const Tensor& x, double p, const DropoutKey& key) {
    return x.is_cuda() ? on_cuda(x, p, key) : on_cpu(x, p, key);
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

}  // namespace

Tensor dropout(const Tensor& x, double p, const DropoutKey& given) {
  if (p < 0 || p >= 1)
    throw InputError("dropout: a rate in [0, 1) was expected, and " + std::to_string(p) + " came");
  if (p == 0) return x;
  auto key = given;
  if (!key.step.defined()) key.step = at::zeros({}, x.options().dtype(torch::kLong));
  return Dropout::apply(x, p, key);
}

}  // namespace regard::ops
