#include "regard/ops/rotate.hpp"

#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>

#include "regard/base/error.hpp"
#include "regard/kernels/cpu/rotate.hpp"
#include "regard/ops/cuda.hpp"
#include "regard/ops/parallel.hpp"
#ifdef REGARD_CUDA
#include "regard/kernels/cuda/rotate.hpp"
#endif

namespace regard::ops {
using torch::Tensor;

namespace {

constexpr int64_t kRotated = 2;  // q and k

template <class T>
void run_on_cpu(const kernels::cpu::Rotation& r, const Tensor& x, const Tensor& y) {
  const auto* from = static_cast<const T*>(x.const_data_ptr());
  auto* to = static_cast<T*>(y.data_ptr());
  const int64_t units =
      (r.time + kernels::cpu::kRotationPlaces - 1) / kernels::cpu::kRotationPlaces;
  parallel_for(units, 1, [&](int64_t begin, int64_t end) {
    kernels::cpu::rotate<T>(r, from, to, begin, end);
  });
}

Tensor turned(const Tensor& given, bool back) {
  const c10::DeviceGuard guard(given.device());
  const auto x = given.contiguous();
  const auto y = at::empty(x.sizes(), x.options());
  if (x.is_cpu()) {
    const kernels::cpu::Rotation r{x.size(0), x.size(1), x.size(2), x.size(3),
                                   x.size(4), kRotated,  back};
    x.scalar_type() == torch::kFloat ? run_on_cpu<float>(r, x, y)
                                     : run_on_cpu<kernels::BFloat16>(r, x, y);
    return y;
  }
#ifdef REGARD_CUDA
  check_status(kernels::cuda::rotate({storage_of(x.scalar_type()), x.size(0), x.size(1), x.size(2),
                                      x.size(3), x.size(4), kRotated, back},
                                     x.const_data_ptr(), y.data_ptr(), stream_of(x)),
               "rotate_packed");
  return y;
#else
  throw RunError("rotate_packed: this build has no CUDA kernels; build with the preset cuda");
#endif
}

struct RotatePacked : torch::autograd::Function<RotatePacked> {
  static Tensor forward(torch::autograd::AutogradContext*, const Tensor& qkv) {
    at::AutoDispatchBelowADInplaceOrView below;
    return turned(qkv, false);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 const torch::autograd::variable_list& grads) {
    return {turned(grads[0], true)};
  }
};

}  // namespace

bool has_rotate(torch::DeviceType device, torch::ScalarType type) {
  if (device == torch::kCPU) return type == torch::kFloat || type == torch::kBFloat16;
#ifdef REGARD_CUDA
  return device == torch::kCUDA && has_storage(type);
#else
  return false;
#endif
}

Tensor rotate_packed(const Tensor& qkv) {
  TORCH_CHECK(
      qkv.dim() == 5 && qkv.size(2) == 3 && has_rotate(qkv.device().type(), qkv.scalar_type()),
      "regard::rotate_packed: (batch, time, 3, heads, width) in fp32 or bf16, or fp16 on a ",
      "GPU, was expected, and ", qkv.scalar_type(), " of shape ", qkv.sizes(), " on ", qkv.device(),
      " came");
  return RotatePacked::apply(qkv);
}

}  // namespace regard::ops
