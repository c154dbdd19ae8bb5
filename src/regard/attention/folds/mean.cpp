#include "regard/attention/folds/mean.hpp"

#include "regard/attention/rows.hpp"

namespace regard::attention::folds {
using torch::Tensor;

Tensor Mean::reference(const Inputs& x, const Tensor& mask) const {
  const auto allowed = mask.to(x.v.scalar_type());
  const auto count = allowed.sum(-1, true).clamp_min(1);  // (B, 1, T_q, 1)
  return at::matmul(allowed, x.v) / count;
}

namespace {

ops::Support can_sum(const ops::Problem& p) {
  if (p.graph.banded()) return ops::Support::no("a window needs a sum for each query");
  if (p.queries != p.keys) return ops::Support::no("as many queries as keys are needed");
  return ops::Support::yes();
}

Tensor run_sum(const Inputs& x) {
  const auto type = sum_type(x.v.scalar_type());
  const auto v = clear_padding(expand_heads(x.v, x.heads), x);
  const auto sum = x.graph.causal ? v.cumsum(2, type) : v.sum(2, true, type);
  const auto y = (sum / allowed_keys(x, type).clamp_min(1)).to(x.v.scalar_type());
  return clear_padding(y, x);
}

Tensor run_last(const Inputs& x) { return expand_heads(x.v, x.heads).mean(2, true); }

ops::Support can_last(const ops::Problem& p) {
  if (p.queries != 1 || !p.graph.causal || p.graph.banded() || p.ragged) {
    return ops::Support::no("one query after all its keys is needed");
  }
  return ops::Support::yes();
}

}  // namespace

std::vector<Kernel> Mean::kernels() const {
  return {{"last", can_last, run_last, true}, {"sum", can_sum, run_sum, true}};
}

Cost Mean::cost(const ops::Problem& p) const {
  const double terms =
      p.graph.banded() ? p.graph.pairs({p.queries, p.keys}) : static_cast<double>(p.keys);
  return {2 * rows_of(p) * static_cast<double>(p.width) * terms, io_bytes(p, uses())};
}

std::unique_ptr<Fold> make_mean() { return std::make_unique<Mean>(); }

}  // namespace regard::attention::folds
