#include "regard/attention/projections/separate.hpp"

#include <torch/nn/modules/linear.h>

#include "regard/ops/bound_linear.hpp"
#include "regard/ops/heads.hpp"
#include "regard/ops/linear.hpp"

namespace regard::attention::projections {
using torch::Tensor;

namespace {

class SeparateModule final : public ProjectionModule {
 public:
  explicit SeparateModule(const ProjectionSize& size) : size_(size) {
    const int64_t inner = size.heads * size.head_width;
    qkv_ = register_module(
        "qkv",
        torch::nn::Linear(
            torch::nn::LinearOptions(size.model_width, size.uses.count() * inner).bias(size.bias)));
  }

  Qkv forward(const Tensor& x, const Wanted& wanted) override {
    ops::WeightAndBias layer{qkv_->weight, qkv_->bias};
    // Rows of one head hold its d outputs: U^T on them gives outputs times U.
    if (wanted.basis.defined()) layer = ops::change_basis(layer, wanted.basis);
    Qkv out;
    const auto rows = [&](const Tensor& y) {
      return y.view({x.size(0), x.size(1), size_.uses.count(), size_.heads, size_.head_width});
    };
    const auto y = wanted.bound ? ops::linear_bound(x, layer, size_.heads)
                                : ops::linear_owing(x, layer.weight, layer.bias);
    out.packed = {rows(y.value), y.bias, y.bound};
    const auto all = ops::split_heads(rows(ops::settle(y)));
    std::size_t at = 0;
    if (size_.uses.q) out.q = all[at++];
    if (size_.uses.k) out.k = all[at++];
    if (size_.uses.v) out.v = all[at++];
    return out;
  }

 private:
  ProjectionSize size_;
  torch::nn::Linear qkv_{nullptr};
};

}  // namespace

std::shared_ptr<ProjectionModule> Separate::build(const ProjectionSize& size) const {
  return std::make_shared<SeparateModule>(size);
}

std::unique_ptr<Projection> make_separate() { return std::make_unique<Separate>(); }

}  // namespace regard::attention::projections
