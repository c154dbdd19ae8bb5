#include "regard/lab/streamed_hrr.hpp"

#include <ATen/ops/cat.h>

#include "regard/attention/fourier.hpp"
#include "regard/attention/rows.hpp"
#include "regard/nn/positions.hpp"

namespace regard::lab {
using torch::Tensor;

StreamedHrr::StreamedHrr(std::shared_ptr<const attention::folds::Hrr> fold, bool rotary, bool cls)
    : fold_(std::move(fold)), rotary_(rotary), cls_(cls) {}

void StreamedHrr::clear() {
  state_->s = state_->z = Tensor();
  state_->keys = 0;
}

std::vector<attention::Kernel> StreamedHrr::kernels() const {
  return {{"streamed", [](const ops::Problem&) { return ops::Support::yes(); },
           [this](const attention::Inputs& x) { return run(x); }}};
}

// Rotary positions of x (1, h, n, d): the CLS token stands at 0, which is no rotation, and the
// tokens behind it.
Tensor StreamedHrr::place(const Tensor& x) const {
  const auto first = state_->rows.first;
  if (!rotary_) return x;
  if (!cls_) return nn::rotate(x, first);
  return at::cat({x.narrow(2, 0, 1), nn::rotate(x.narrow(2, 1, x.size(2) - 1), first + 1)}, 2);
}

Tensor StreamedHrr::run(const attention::Inputs& x) const {
  auto& state = *state_;
  const auto type = attention::sum_type(x.v.scalar_type());
  const auto u = attention::fourier_basis(x.v.size(3)).to(x.v.options().dtype(type));
  const auto folded = [&](const Tensor& t) {
    return at::matmul(attention::expand_heads(t, x.heads).to(type), u);
  };
  const auto value = folded(x.v);  // (1, h, n, d)
  const auto n = value.size(2);

  // How often each row counts; the CLS token counts in the first chunk alone.
  Tensor weights = state.rows.weights;
  if (cls_) {
    const auto tokens =
        weights.defined() ? weights : at::ones({n - 1}, u.options().dtype(torch::kDouble));
    weights = at::cat({at::full({1}, state.rows.first == 0 ? 1.0 : 0.0, tokens.options()), tokens});
  }
  const auto summed = [&](const Tensor& rows) {
    if (!weights.defined()) return rows.sum(2, true).to(torch::kDouble);
    return (rows.to(torch::kDouble) * weights.view({1, 1, n, 1})).sum(2, true);
  };
  const auto add = [](Tensor& sum, const Tensor& more) { sum = sum.defined() ? sum + more : more; };

  if (state.reading == Reading::kBind) {
    add(state.s, summed(attention::slot_product(folded(place(x.k)), value, false)));
    state.keys += weights.defined() ? weights.sum().item<double>() : static_cast<double>(n);
    throw LayerRead{};
  }
  const auto read = fold_->read_out(folded(place(x.q)), state.s.to(type));
  const auto e = attention::folds::safe_cosine(value, read).exp();  // (1, h, n, 1)
  if (state.reading == Reading::kGate) {
    add(state.z, summed(e));
    throw LayerRead{};
  }
  auto w = e / state.z.to(type);
  if (fold_->scale == "time") w = w * state.keys;
  return (w * attention::expand_heads(x.v, x.heads)).to(x.v.scalar_type());
}

}  // namespace regard::lab
