#include "regard/ops/attention/sdpa.hpp"

#include <ATen/SDPBackend.h>
#include <ATen/ops/_fused_sdp_choice.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include "regard/ops/dispatch.hpp"

namespace regard::ops {
namespace {
std::optional<torch::Tensor> optional(const torch::Tensor& t) {
  return t.defined() ? std::optional<torch::Tensor>(t) : std::nullopt;
}
}  // namespace

std::string sdpa_backend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                         const torch::Tensor& mask, bool causal) {
  const bool grouped = q.size(1) != k.size(1);
  switch (static_cast<at::SDPBackend>(
      at::_fused_sdp_choice(q, k, v, optional(mask), 0.0, causal, std::nullopt, grouped))) {
    case at::SDPBackend::flash_attention:
      return "flash";
    case at::SDPBackend::efficient_attention:
      return "efficient";
    case at::SDPBackend::cudnn_attention:
      return "cudnn";
    case at::SDPBackend::math:
      return "math";
    default:
      return "other";
  }
}

torch::Tensor sdpa(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                   const torch::Tensor& mask, bool causal) {
  record_kernel("sdpa:" + sdpa_backend(q, k, v, mask, causal));
  return at::scaled_dot_product_attention(q, k, v, optional(mask), 0.0, causal, std::nullopt,
                                          q.size(1) != k.size(1));
}

}  // namespace regard::ops
