#include "regard/ops/place.hpp"

#include <ATen/autocast_mode.h>

#include "regard/kernels/cuda/built.hpp"

namespace regard::ops {

Place place_of(const torch::Tensor& x) {
  const auto type = x.scalar_type();
  const bool cast = at::autocast::is_autocast_enabled(torch::kCUDA);
  return {x.device().type(), type, cast ? at::autocast::get_autocast_dtype(torch::kCUDA) : type};
}

Support on_gpu(torch::DeviceType device) {
  if (device != torch::kCUDA) return Support::no("it runs on CUDA GPUs");
  return kernels::cuda::built() ? Support::yes() : Support::no(kNoCuda);
}

Support half_on_gpu(const Place& place) {
  if (auto gpu = on_gpu(place.device); !gpu.ok) return gpu;
  const bool half = place.product == torch::kBFloat16 || place.product == torch::kHalf;
  return half ? Support::yes() : Support::no("it takes products in bf16 and fp16");
}

Support half_on_hopper(const Place& place) {
  if (auto half = half_on_gpu(place); !half.ok) return half;
  return kernels::cuda::on_hopper() ? Support::yes()
                                    : Support::no("it needs a GPU of compute capability 9.0");
}

}  // namespace regard::ops
