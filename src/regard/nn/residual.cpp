#include "regard/nn/residual.hpp"

#include "regard/nn/context.hpp"
#include "regard/ops/add_norm_mean.hpp"

namespace regard::nn {
using torch::Tensor;

void Residual::add(ops::Branch branch, int64_t site) {
  x_ = sum();
  branch_ = std::move(branch);
  site_ = site;
}

ops::DropoutKey Residual::key() const {
  const auto* context = random_context();
  return {context ? context->seed : 0, context ? context->step : Tensor(), site_};
}

Tensor Residual::norm(Norm& norm) {
  auto out = ops::add_norm(x_, branch_, norm.values(), dropout_, key());
  x_ = out.x;
  branch_ = {};
  return out.h;
}

Tensor Residual::norm_mean(Norm& norm, const Tensor& lengths) const {
  return ops::add_norm_mean(x_, branch_, norm.values(), dropout_, key(), lengths);
}

void Residual::replace_by(Norm& norm) { x_ = this->norm(norm); }

Tensor Residual::sum() {
  if (branch_.defined()) {
    x_ = x_ + dropout(branch_.sum(), dropout_, site_, true).to(x_.scalar_type());
    branch_ = {};
  }
  return x_;
}

}  // namespace regard::nn
