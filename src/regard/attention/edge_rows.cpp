#include "regard/attention/edge_rows.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "regard/attention/rows.hpp"

namespace regard::attention {
using torch::Tensor;

namespace {

Tensor gather_rows(const Tensor& x, const Tensor& index) {
  return x.gather(2, index.unsqueeze(-1).expand({-1, -1, -1, x.size(3)}));
}

}  // namespace

EdgeRows edge_rows(const Inputs& x) {
  const auto all = [&](const Tensor& t) {
    const auto heads = expand_groups(t, x.heads);
    return heads.expand({x.v.size(0), x.heads, heads.size(2)});
  };
  EdgeRows edges;
  edges.count = x.queries;
  edges.queries = all(x.edges.queries.clamp_max(x.queries - 1));
  edges.keys = all(x.edges.keys);
  auto exists = all(edge_exists(x.edges, x.queries));
  const auto before = [&](const Tensor& positions, const Tensor& lengths) {
    if (lengths.defined()) exists = exists & (positions < lengths.view({-1, 1, 1}));
  };
  before(edges.keys, x.key_lengths);
  before(edges.queries, x.query_lengths);
  edges.exists = exists;
  if (x.edges.log_gate.defined()) {
    edges.log_gate = all(x.edges.log_gate).to(sum_type(x.v.scalar_type()));
  }
  return edges;
}

Tensor at_keys(const Tensor& x, const EdgeRows& edges) { return gather_rows(x, edges.keys); }
Tensor at_queries(const Tensor& x, const EdgeRows& edges) { return gather_rows(x, edges.queries); }

Tensor sum_of_edges(const Tensor& values, const EdgeRows& edges) {
  const auto kept = values.masked_fill(~edges.exists.unsqueeze(-1), 0.0);
  const auto index = edges.queries.unsqueeze(-1).expand(kept.sizes());
  return at::zeros({kept.size(0), kept.size(1), edges.count, kept.size(3)}, kept.options())
      .scatter_add(2, index, kept);
}

Tensor softmax_of_edges(const Tensor& given, const EdgeRows& edges) {
  auto scores = edges.log_gate.defined() ? given + edges.log_gate : given;
  scores = scores.masked_fill(~edges.exists, -1e30);
  const auto sizes = std::vector<int64_t>{scores.size(0), scores.size(1), edges.count};
  // The largest score of a query is a constant: the quotient does not depend on it.
  const auto largest = at::full(sizes, -1e30, scores.options())
                           .scatter_reduce(2, edges.queries, scores.detach(), "amax", true);
  const auto e = (scores - largest.gather(2, edges.queries)).exp().masked_fill(~edges.exists, 0.0);
  const auto sums = at::zeros(sizes, e.options()).scatter_add(2, edges.queries, e);
  return e / sums.gather(2, edges.queries).masked_fill(~edges.exists, 1.0);
}

ops::Support can_gather(const ops::Problem& p) {
  if (!p.graph.edges()) return ops::Support::no("the graph is " + p.graph.name());
  if (p.bias) return ops::Support::no("a score bias is given for all pairs");
  return ops::Support::yes();
}

Tensor weigh_values(const Tensor& weights, const EdgeRows& edges, const Inputs& x) {
  const auto v = at_keys(expand_heads(x.v, x.heads).to(weights.scalar_type()), edges);
  auto a = weights;
  if (x.dropout.rate > 0 && x.random) a = a * kept_edges(a, x);
  return sum_of_edges(a.unsqueeze(-1) * v, edges).to(x.v.scalar_type());
}

}  // namespace regard::attention
