#include "regard/attention/folds/softmax.hpp"

#include <cmath>
#include <limits>

#include "regard/attention/edge_rows.hpp"
#include "regard/attention/rows.hpp"
#include "regard/attention/window_blocks.hpp"
#include "regard/base/text.hpp"
#include "regard/ops/attention/sdpa.hpp"

namespace regard::attention::folds {
using torch::Tensor;

Tensor Softmax::reference(const Inputs& x, const Tensor& mask) const {
  const double scale = 1.0 / std::sqrt(static_cast<double>(x.q.size(3)));
  auto scores = at::matmul(x.q, x.k.transpose(2, 3)) * scale;  // (B, h, T_q, T_k)
  if (x.bias.defined()) scores = scores + x.bias;
  return at::matmul(drop_weights(softmax_of_allowed(scores, mask), x), x.v);
}

namespace {

Tensor weights_of_edges(const Inputs& x, const EdgeRows& edges) {
  const auto type = sum_type(x.v.scalar_type());
  const double scale = 1.0 / std::sqrt(static_cast<double>(x.q.size(3)));
  const auto q = at_queries(x.q.to(type) * scale, edges);
  const auto k = at_keys(expand_heads(x.k, x.heads).to(type), edges);
  return softmax_of_edges((q * k).sum(-1), edges);
}

Tensor run_edges(const Inputs& x) {
  const auto edges = edge_rows(x);
  return weigh_values(weights_of_edges(x, edges), edges, x);
}

// True where each query of the call meets every key that is no padding.
bool meets_all(const Inputs& x) {
  // One causal query sits at the last key.
  return x.graph.plain() && (!x.graph.causal() || x.queries == 1);
}

// Every row keeps one key, since backends differ on rows without keys; such rows are cleared
// afterwards.
Tensor safe_mask(const Inputs& x) {
  const graph::Extent extent{x.queries, x.keys()};
  const bool causal = x.graph.plain() && x.graph.causal();  // what SDPA does without a mask
  Tensor mask;
  if (!meets_all(x) && !(causal && x.whole() && !x.bias.defined())) {
    mask = graph_mask(x.graph, extent, x.v.device()).view({1, 1, extent.queries, extent.keys});
  }
  if (x.key_lengths.defined() && !causal) {
    auto valid = valid_rows(x.key_lengths, extent.keys).transpose(2, 3);  // (B, 1, 1, T_k)
    if (mask.defined()) {
      mask = (mask & valid) | at::eye(extent.keys, mask.options());
    } else {
      const auto first = at::arange(extent.keys, x.key_lengths.options()) == 0;
      mask = valid | first.view({1, 1, 1, -1});
    }
  }
  if (!x.bias.defined()) return mask;
  const auto bias = x.bias.to(x.v.scalar_type());
  if (!mask.defined()) return bias;
  return bias.masked_fill(~mask, -std::numeric_limits<double>::infinity());
}

Tensor run_sdpa(const Inputs& x) {
  const auto mask = safe_mask(x);
  const bool causal = !mask.defined() && x.graph.causal() && x.queries > 1;
  // Huge numbers in padded queries would make fused backward passes divide infinities.
  const auto y = clear_queries(ops::sdpa(clear_queries(x.q, x), x.k, x.v, mask, causal), x);
  // Of one sequence, rows without keys are padded queries; an empty memory is asked by any query.
  if (x.graph.one_sequence() || !x.key_lengths.defined()) return y;
  return y.masked_fill((x.key_lengths == 0).view({-1, 1, 1, 1}), 0.0);
}

ops::Support can_sdpa(const ops::Problem& p) {
  if (!p.graph.plain() && !p.graph.window()) {
    return ops::Support::no("the graph is " + p.graph.name());
  }
  if (p.ragged && p.graph.one_sequence() && p.queries != p.keys) {
    return ops::Support::no("lengths with as many queries as keys are needed");
  }
  if (p.queries > p.keys && (p.graph.causal() || p.graph.window())) {
    return ops::Support::no("some queries come before every key and have none");
  }
  if (p.graph.plain()) return ops::Support::yes();
  const double bytes = static_cast<double>(p.queries) * static_cast<double>(p.keys) *
                       (p.ragged ? static_cast<double>(p.batch) : 1.0) *
                       (p.device == torch::kCUDA ? 4.0 : 2.0);
  if (bytes < 0.5 * ops::free_bytes(p.device)) return ops::Support::yes();
  return ops::Support::no("the dense mask of this graph takes " + human_bytes(bytes));
}

}  // namespace

std::vector<Kernel> Softmax::kernels() const {
  return {
      {"sdpa_blocks", can_block_window,
       [](const Inputs& x) {
         return block_window(x, [](const Inputs& block, const Tensor& mask) {
           return ops::sdpa(block.q, block.k, block.v, mask, false);
         });
       }},
      {"sdpa", can_sdpa, run_sdpa},
      {"edges", can_gather, run_edges, true, true},
  };
}

Tensor Softmax::edge_weights(const Inputs& x) const { return weights_of_edges(x, edge_rows(x)); }

std::unique_ptr<Fold> make_softmax() { return std::make_unique<Softmax>(); }

}  // namespace regard::attention::folds
