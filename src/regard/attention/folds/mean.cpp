#include "regard/attention/folds/mean.hpp"

#include "regard/attention/edge_rows.hpp"
#include "regard/attention/rows.hpp"

namespace regard::attention::folds {
using torch::Tensor;

Tensor Mean::reference(const Inputs& x, const Tensor& mask) const {
  auto allowed = mask.to(x.v.scalar_type());
  if (x.bias.defined()) {  // log gates of edges
    return at::matmul(softmax_of_allowed(x.bias.expand({-1, x.heads, -1, -1}), mask), x.v);
  }
  const auto count = allowed.sum(-1, true).clamp_min(1);  // (B, 1, T_q, 1)
  return at::matmul(allowed, x.v) / count;
}

namespace {

ops::Support can_sum(const ops::Problem& p) {
  if (!p.graph.plain()) {
    return ops::Support::no("the graph is " + p.graph.name() + ", which needs a sum a query");
  }
  return needs_whole(p);
}

Tensor run_sum(const Inputs& x) {
  const auto type = sum_type(x.v.scalar_type());
  const auto v = clear_keys(expand_heads(x.v, x.heads), x);
  const auto sum = x.graph.causal() ? v.cumsum(2, type) : v.sum(2, true, type);
  const auto y = (sum / allowed_keys(x, type).clamp_min(1)).to(x.v.scalar_type());
  return clear_queries(y, x);
}

Tensor run_last(const Inputs& x) { return expand_heads(x.v, x.heads).mean(2, true); }

ops::Support can_last(const ops::Problem& p) {
  if (p.queries != 1 || !p.graph.causal() || !p.graph.plain() || p.ragged) {
    return ops::Support::no("one query after all its keys is needed");
  }
  return ops::Support::yes();
}

Tensor run_edges(const Inputs& x) {
  const auto edges = edge_rows(x);
  const auto scores =
      at::zeros(edges.keys.sizes(), x.v.options().dtype(sum_type(x.v.scalar_type())));
  return weigh_values(softmax_of_edges(scores, edges), edges, x);
}

}  // namespace

std::vector<Kernel> Mean::kernels() const {
  return {{"last", can_last, run_last, true},
          {"sum", can_sum, run_sum, true},
          {"edges", can_gather, run_edges, true}};
}

Cost Mean::cost(const ops::Problem& p) const {
  const double terms =
      p.graph.plain() ? static_cast<double>(p.keys) : p.graph.pairs({p.queries, p.keys});
  return {2 * rows_of(p) * static_cast<double>(p.width) * terms, io_bytes(p, uses())};
}

std::unique_ptr<Fold> make_mean() { return std::make_unique<Mean>(); }

}  // namespace regard::attention::folds
