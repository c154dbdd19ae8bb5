#include "regard/attention/folds/parts/streamed_hrr.hpp"

#include <ATen/ops/cat.h>

#include "regard/attention/fourier.hpp"
#include "regard/attention/rows.hpp"

namespace regard::attention::folds {
using torch::Tensor;

void StreamedHrr::clear() {
  state_->s = state_->z = Tensor();
  state_->keys = 0;
}

std::vector<Kernel> StreamedHrr::kernels() const {
  return {{"streamed", [](const ops::Problem&) { return ops::Support::yes(); },
           [this](const Inputs& x) { return run(x); }}};
}

// The CLS token stands at 0 and the tokens behind it.
Tensor StreamedHrr::placed(const Tensor& x) const {
  const auto first = state_->rows.first;
  if (!place_.positions) return x;
  if (!place_.cls) return place_.positions(x, first);
  const auto tokens = x.narrow(2, 1, x.size(2) - 1);
  return at::cat({place_.positions(x.narrow(2, 0, 1), 0), place_.positions(tokens, first + 1)}, 2);
}

Tensor StreamedHrr::run(const Inputs& x) const {
  auto& state = *state_;
  const auto type = sum_type(x.v.scalar_type());
  const auto u = fourier_basis(x.v.size(3)).to(x.v.options().dtype(type));
  const auto folded = [&](const Tensor& t) {
    return at::matmul(expand_heads(t, x.heads).to(type), u);
  };
  const auto value = folded(x.v);  // (1, h, n, d)
  const auto n = value.size(2);

  // How often each row counts; the CLS token counts in the first chunk alone.
  Tensor weights = state.rows.weights;
  if (place_.cls) {
    const auto tokens =
        weights.defined() ? weights : at::ones({n - 1}, u.options().dtype(torch::kDouble));
    weights = at::cat({at::full({1}, state.rows.first == 0 ? 1.0 : 0.0, tokens.options()), tokens});
  }
  const auto summed = [&](const Tensor& rows) {
    if (!weights.defined()) return rows.sum(2, true).to(torch::kDouble);
    return (rows.to(torch::kDouble) * weights.view({1, 1, n, 1})).sum(2, true);
  };
  const auto add = [](Tensor& sum, const Tensor& more) { sum = sum.defined() ? sum + more : more; };

  if (state.pass == kBind) {
    add(state.s, summed(slot_product(folded(placed(x.k)), value, false)));
    state.keys += weights.defined() ? weights.sum().item<double>() : static_cast<double>(n);
    throw LayerRead{};
  }
  const auto read = fold_.read_out(folded(placed(x.q)), state.s.to(type));
  const auto e = safe_cosine(value, read).exp();  // (1, h, n, 1)
  if (state.pass == kGate) {
    add(state.z, summed(e));
    throw LayerRead{};
  }
  auto w = e / state.z.to(type);
  if (fold_.scale == "time") w = w * state.keys;
  return (w * expand_heads(x.v, x.heads)).to(x.v.scalar_type());
}

}  // namespace regard::attention::folds
