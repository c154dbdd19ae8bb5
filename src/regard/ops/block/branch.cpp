#include "regard/ops/block/branch.hpp"

#include <ATen/core/grad_mode.h>

#include "regard/ops/block/linear.hpp"

namespace regard::ops {
using torch::Tensor;

Branch::Branch(WaitingProduct product, Tensor b)
    : bias(std::move(b)),
      waiting_(
          std::make_shared<Waiting>(std::move(product), at::GradMode::is_enabled(), Tensor())) {}

torch::ScalarType Branch::scalar_type() const {
  return waiting_ ? waiting_->product.x.scalar_type() : value_.scalar_type();
}

Tensor Branch::value() const {
  if (!waiting_) return value_;
  auto& [product, tracked, made] = *waiting_;
  if (!made.defined()) {
    const at::AutoGradMode as_it_began(tracked);
    made = linear(product.x, product.weight, Tensor());
  }
  return made;
}

const WaitingProduct* Branch::waiting() const {
  if (!waiting_ || waiting_->made.defined()) return nullptr;
  return waiting_->tracked == at::GradMode::is_enabled() ? &waiting_->product : nullptr;
}

}  // namespace regard::ops
