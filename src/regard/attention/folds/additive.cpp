#include "regard/attention/folds/additive.hpp"

#include <ATen/ops/leaky_relu.h>

#include "regard/attention/edge_rows.hpp"
#include "regard/attention/rows.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::attention::folds {
using torch::Tensor;

void Additive::check() {
  if (slope < 0 || slope >= 1) {
    throw InputError("slope in [0, 1) was expected, and " + shortest(slope) + " came");
  }
}

std::vector<ParameterSpec> Additive::parameters(const Size& size) const {
  const std::vector<int64_t> shape = {size.heads, size.head_width};
  if (form == "gatv2") return {{"pair", shape}};
  return {{"query", shape}, {"key", shape}};
}

namespace {

// A vector of each head (h, d) times x (B, h, T, d): (B, h, T, 1).
Tensor times_vector(const Tensor& vector, const Tensor& x) {
  return at::matmul(x, vector.to(x.scalar_type()).unsqueeze(-1));
}

Tensor weights_of_edges(const Additive& fold, const Inputs& x, const EdgeRows& edges) {
  const auto type = sum_type(x.v.scalar_type());
  const auto q = x.q.to(type), k = expand_heads(x.k, x.heads).to(type);
  Tensor scores;  // (B, h, C)
  if (fold.form == "gatv2") {
    const auto sums = at::leaky_relu(at_queries(q, edges) + at_keys(k, edges), fold.slope);
    scores = times_vector(x.parameters[0], sums).squeeze(-1);
  } else {
    const auto of_query = at_queries(times_vector(x.parameters[0], q), edges);
    const auto of_key = at_keys(times_vector(x.parameters[1], k), edges);
    scores = at::leaky_relu(of_query + of_key, fold.slope).squeeze(-1);
  }
  return softmax_of_edges(scores, edges);
}

}  // namespace

Tensor Additive::reference(const Inputs& x, const Tensor& mask) const {
  Tensor scores;  // (B, h, T_q, T_k)
  if (form == "gatv2") {
    const auto sums = at::leaky_relu(x.q.unsqueeze(3) + x.k.unsqueeze(2), slope);
    scores = (sums * x.parameters[0].to(sums.scalar_type()).view({1, x.heads, 1, 1, -1})).sum(-1);
  } else {
    scores = at::leaky_relu(
        times_vector(x.parameters[0], x.q) + times_vector(x.parameters[1], x.k).transpose(2, 3),
        slope);
  }
  if (x.bias.defined()) scores = scores + x.bias;
  return at::matmul(drop_weights(softmax_of_allowed(scores, mask), x), x.v);
}

std::vector<Kernel> Additive::kernels() const {
  const auto run = [this](const Inputs& x) {
    const auto edges = edge_rows(x);
    return weigh_values(weights_of_edges(*this, x, edges), edges, x);
  };
  return {{"edges", can_gather, run, true, true}};
}

Tensor Additive::edge_weights(const Inputs& x) const {
  return weights_of_edges(*this, x, edge_rows(x));
}

Cost Additive::cost(const ops::Problem& p) const {
  const double d = static_cast<double>(p.width);
  const double pairs = rows_of(p) * p.graph.pairs({p.queries, p.keys});
  const double rows = rows_of(p) * static_cast<double>(p.queries + p.keys);
  // A pair costs its weighted value, and in gatv2 its vector too.
  const double flops = form == "gatv2" ? 5 * pairs * d : 2 * pairs * d + 2 * rows * d;
  return {flops, io_bytes(p, uses())};
}

std::unique_ptr<Fold> make_additive() { return std::make_unique<Additive>(); }

}  // namespace regard::attention::folds
