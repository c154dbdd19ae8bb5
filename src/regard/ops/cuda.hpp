// What operators with CUDA kernels share: the type of storage, the stream, the check of a status.
// Inside ops.
#pragma once

#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

#include <string>

#include "regard/base/error.hpp"
#include "regard/kernels/cuda/built.hpp"
#include "regard/kernels/cuda/storage.hpp"
#include "regard/ops/place.hpp"

namespace regard::ops {
namespace cuda = kernels::cuda;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

inline bool has_storage(torch::ScalarType type) {
  return type == torch::kFloat || type == torch::kHalf || type == torch::kBFloat16;
}

inline kernels::cuda::Storage storage_of(torch::ScalarType type) {
  if (type == torch::kHalf) return kernels::cuda::Storage::kHalf;
  if (type == torch::kBFloat16) return kernels::cuda::Storage::kBFloat16;
  TORCH_CHECK(type == torch::kFloat, "regard: fp32, fp16 or bf16 was expected on a GPU, and ", type,
              " came");
  return kernels::cuda::Storage::kFloat;
}

inline void* stream_of(const torch::Tensor& x) {
  const c10::impl::VirtualGuardImpl guard(torch::kCUDA);
  return guard.getStream(x.device()).native_handle();
}

inline void check_status(int status, const char* what) {
  if (status == 0) return;
  if (!kernels::cuda::built()) throw RunError(std::string(what) + ": " + kNoCuda);
  throw RunError(std::string(what) + ": the CUDA kernel failed with error " +
                 std::to_string(status));
}

}  // namespace regard::ops
