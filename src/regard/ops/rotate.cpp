#include "regard/ops/rotate.hpp"

#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>

#include "regard/base/error.hpp"
#include "regard/ops/cuda.hpp"
#ifdef REGARD_CUDA
#include "regard/kernels/cuda/rotate.hpp"
#endif

namespace regard::ops {
using torch::Tensor;

#ifdef REGARD_CUDA

namespace {

constexpr int64_t kRotated = 2;  // q and k

Tensor turned(const Tensor& x, bool back) {
  const c10::DeviceGuard guard(x.device());
  const auto from = x.contiguous();
  const auto to = at::empty(from.sizes(), from.options());
  check_status(kernels::cuda::rotate({storage_of(from.scalar_type()), from.size(0), from.size(1),
                                      from.size(2), from.size(3), from.size(4), kRotated, back},
                                     from.const_data_ptr(), to.data_ptr(), stream_of(from)),
               "rotate_packed");
  return to;
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
  return device == torch::kCUDA && has_storage(type);
}

Tensor rotate_packed(const Tensor& qkv) {
  TORCH_CHECK(qkv.dim() == 5 && qkv.size(2) == 3 && has_storage(qkv.scalar_type()),
              "regard::rotate_packed: (batch, time, 3, heads, width) in fp32, fp16 or bf16 was ",
              "expected, and ", qkv.scalar_type(), " of shape ", qkv.sizes(), " came");
  return RotatePacked::apply(qkv);
}

#else

bool has_rotate(torch::DeviceType, torch::ScalarType) { return false; }
Tensor rotate_packed(const Tensor&) {
  throw RunError("rotate_packed: this build has no CUDA kernels; build with the preset cuda");
}

#endif

}  // namespace regard::ops
