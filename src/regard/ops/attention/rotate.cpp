#include "regard/ops/attention/rotate.hpp"

#include "regard/base/error.hpp"
#include "regard/kernels/cpu/rotate.hpp"
#include "regard/kernels/cuda/rotate.hpp"
#include "regard/ops/cuda.hpp"
#include "regard/ops/parallel.hpp"
#include "regard/ops/place.hpp"

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

Tensor rotated(const Tensor& given, bool back) {
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
  check_status(kernels::cuda::rotate({storage_of(x.scalar_type()), x.size(0), x.size(1), x.size(2),
                                      x.size(3), x.size(4), kRotated, back},
                                     x.const_data_ptr(), y.data_ptr(), stream_of(x)),
               "rotate_packed");
  return y;
}

struct RotatePacked : torch::autograd::Function<RotatePacked> {
  static Tensor forward(torch::autograd::AutogradContext*, const Tensor& qkv) {
    at::AutoDispatchBelowADInplaceOrView below;
    return rotated(qkv, false);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 const torch::autograd::variable_list& grads) {
    return {rotated(grads[0], true)};
  }
};

}  // namespace

Support can_rotate(torch::DeviceType device, torch::ScalarType type) {
  if (device == torch::kCPU) {
    const bool takes = type == torch::kFloat || type == torch::kBFloat16;
    return takes ? Support::yes() : Support::no("it takes fp32 and bf16");
  }
  if (auto gpu = on_gpu(device); !gpu.ok) return gpu;
  return has_storage(type) ? Support::yes() : Support::no("it takes fp32, bf16 and fp16");
}

Tensor rotate_packed(const Tensor& qkv) {
  TORCH_CHECK(
      qkv.dim() == 5 && qkv.size(2) == 3 && can_rotate(qkv.device().type(), qkv.scalar_type()).ok,
      "regard::rotate_packed: (batch, time, 3, heads, width) in fp32 or bf16, or fp16 on a ",
      "GPU, was expected, and ", qkv.scalar_type(), " of shape ", qkv.sizes(), " on ", qkv.device(),
      " came");
  return RotatePacked::apply(qkv);
}

}  // namespace regard::ops
