#include "regard/nn/residual.hpp"

#include "regard/nn/context.hpp"
#include "regard/ops/add_norm.hpp"

namespace regard::nn {
using torch::Tensor;

void Residual::add(ops::Branch branch, int64_t site) {
  x_ = sum();
  branch_ = std::move(branch);
  site_ = site;
}

Tensor Residual::norm(Norm& norm) {
  const auto* context = random_context();
  auto out =
      ops::add_norm(x_, branch_, norm.values(), dropout_,
                    {context ? context->seed : 0, context ? context->step : Tensor(), site_});
  x_ = out.x;
  branch_ = {};
  return out.h;
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
