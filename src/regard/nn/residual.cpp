#include "regard/nn/residual.hpp"

#include "regard/attention/context.hpp"
#include "regard/ops/block/add_norm_mean.hpp"
#include "regard/ops/block/embed.hpp"

namespace regard::nn {
using torch::Tensor;

void Residual::add(ops::Branch branch, int64_t site) {
  x_ = sum();
  branch_ = std::move(branch);
  site_ = site;
}

ops::DropoutKey Residual::key() const {
  const auto* context = attention::random_context();
  return {context ? context->seed : 0, context ? context->step : Tensor(), site_};
}

Tensor Residual::base() {
  if (embedded_) {
    const auto& from = *embedded_;
    x_ = dropout(ops::embed(from.table, from.ids, from.positions, from.type), dropout_, 0, true);
    embedded_.reset();
  }
  return x_;
}

Tensor Residual::norm(Norm& norm) {
  // What is added to an embedding first makes it (add), so that one of the two waits.
  auto out = embedded_ ? ops::embed_norm(*embedded_, norm.values(), dropout_, key())
                       : ops::add_norm(x_, branch_, norm.values(), dropout_, key());
  embedded_.reset();
  x_ = out.x;
  branch_ = {};
  return out.h;
}

Tensor Residual::norm_mean(Norm& norm, const Tensor& lengths) {
  return ops::add_norm_mean(base(), branch_, norm.values(), dropout_, key(), lengths);
}

void Residual::replace_by(Norm& norm) { x_ = this->norm(norm); }

Tensor Residual::sum() {
  if (branch_.defined()) {
    x_ = x_ + dropout(branch_.sum(), dropout_, site_, true).to(x_.scalar_type());
    branch_ = {};
  }
  return base();
}

}  // namespace regard::nn
