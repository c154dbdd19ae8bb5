#include "regard/ops/attention/heads.hpp"

#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

namespace regard::ops {
using torch::Tensor;

namespace {

Tensor part_of(const Tensor& packed, int64_t i) { return packed.select(2, i).transpose(1, 2); }

struct SplitHeads : torch::autograd::Function<SplitHeads> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* ctx,
                                                const Tensor& packed) {
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->saved_data["sizes"] = packed.sizes().vec();
    ctx->set_materialize_grads(false);
    std::vector<Tensor> out;
    for (int64_t i = 0; i < packed.size(2); ++i) out.push_back(part_of(packed, i).alias());
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 const torch::autograd::variable_list& grads) {
    Tensor packed;
    const auto sizes = ctx->saved_data["sizes"].toIntVector();
    for (std::size_t i = 0; i < grads.size(); ++i) {
      if (!grads[i].defined()) continue;
      if (!packed.defined()) packed = at::empty(sizes, grads[i].options());
      part_of(packed, static_cast<int64_t>(i)).copy_(grads[i]);
    }
    for (std::size_t i = 0; packed.defined() && i < grads.size(); ++i) {
      if (!grads[i].defined()) part_of(packed, static_cast<int64_t>(i)).zero_();
    }
    return {packed};
  }
};

}  // namespace

std::vector<Tensor> split_heads(const Tensor& packed) {
  TORCH_CHECK(packed.dim() == 5,
              "regard::split_heads: (batch, time, n, heads, width) was expected, ", "and ",
              packed.sizes(), " came");
  return SplitHeads::apply(packed);
}

}  // namespace regard::ops
