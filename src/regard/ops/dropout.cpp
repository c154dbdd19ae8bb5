#include "regard/ops/dropout.hpp"

#include <c10/core/impl/VirtualGuardImpl.h>

#include "regard/base/error.hpp"
#include "regard/kernels/cpu/dropout.hpp"
#include "regard/ops/parallel.hpp"
#ifdef REGARD_CUDA
#include "regard/kernels/cuda/dropout.hpp"
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
Tensor scale_on_cuda(const Tensor& x, double p, const DropoutKey& key) {
  auto scale = at::empty(x.sizes(), x.options().dtype(torch::kFloat));
  const auto step = key.step.defined() ? key.step : at::zeros({}, x.options().dtype(torch::kLong));
  const c10::impl::VirtualGuardImpl guard(torch::kCUDA);
  const auto stream = guard.getStream(x.device());
  const int status = kernels::cuda::dropout_scale(
      scale.data_ptr<float>(), x.numel(), p, static_cast<uint64_t>(key.seed),
      step.const_data_ptr<int64_t>(), static_cast<uint32_t>(key.site), stream.native_handle());
  if (status != 0)
    throw RunError("dropout: the CUDA kernel failed with error " + std::to_string(status));
  return scale;
}
#else
Tensor scale_on_cuda(const Tensor& x, double p, const DropoutKey& key) {
  // Without our CUDA kernels the numbers are made on the CPU and copied: the same numbers, slower.
  const auto step = key.step.defined() ? key.step.cpu() : Tensor();
  return scale_on_cpu(x, p, {key.seed, step, key.site}).to(x.device(), true);
}
#endif

}  // namespace

Tensor dropout(const Tensor& x, double p, const DropoutKey& key) {
  if (p < 0 || p >= 1)
    throw InputError("dropout: a rate in [0, 1) was expected, and " + std::to_string(p) + " came");
  if (p == 0) return x;
  const auto scale = x.is_cuda() ? scale_on_cuda(x, p, key) : scale_on_cpu(x, p, key);
  return x * scale.to(x.scalar_type());
}

}  // namespace regard::ops
