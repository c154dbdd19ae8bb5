#include "regard/attention/edges.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/where.h>

namespace regard::attention {
using torch::Tensor;

namespace {

// Rows of the last axis that are 0 where the value repeats the one before it.
Tensor is_first(const Tensor& sorted) {
  auto first = at::ones(sorted.sizes(), sorted.options().dtype(torch::kBool));
  const int64_t count = sorted.size(-1);
  if (count > 1) {
    first.narrow(-1, 1, count - 1)
        .copy_(sorted.narrow(-1, 1, count - 1) != sorted.narrow(-1, 0, count - 1));
  }
  return first;
}

// One number for a pair, in the order of queries and then keys; T_q T_k stands for none.
Tensor code_of(const Tensor& queries, const Tensor& keys, graph::Extent extent) {
  const auto inside =
      (queries >= 0) & (queries < extent.queries) & (keys >= 0) & (keys < extent.keys);
  return at::where(inside, queries * extent.keys + keys, extent.queries * extent.keys);
}

}  // namespace

Tensor EdgeTensors::offsets(int64_t count) const {
  const auto wanted = at::arange(count + 1, queries.options());
  auto sizes = queries.sizes().vec();
  sizes.back() = count + 1;
  return at::searchsorted(queries.contiguous(), wanted.expand(sizes).contiguous());
}

EdgeTensors EdgeTensors::rows(int64_t first, int64_t count) const {
  EdgeTensors some = *this;
  const auto inside = (queries >= first) & (queries < first + count);
  some.queries = at::where(inside, queries - first, count);
  return some;
}

EdgeTensors EdgeTensors::example(int64_t b) const {
  if (queries.size(0) == 1) return *this;
  const auto one = [b](const Tensor& x) { return x.defined() ? x.narrow(0, b, 1) : x; };
  return {one(queries), one(keys), one(log_gate)};
}

EdgeTensors EdgeTensors::causally(graph::Extent extent) const {
  const auto allowed = keys <= queries + (extent.keys - extent.queries);
  return make_edges(at::where(allowed, queries, extent.queries), keys, log_gate, extent);
}

EdgeTensors make_edges(const Tensor& queries, const Tensor& keys, const Tensor& log_gate,
                       graph::Extent extent) {
  const int64_t none = extent.queries * extent.keys;
  const auto [sorted, order] = at::sort(code_of(queries, keys, extent), /*stable=*/true, -1, false);
  const auto first = is_first(sorted);
  const auto rank = first.cumsum(-1) - 1;  // of the pair among those that differ
  // Pairs that are alike write the same number to the same place.
  const auto code = at::full_like(sorted, none).scatter(-1, rank, sorted);
  EdgeTensors edges;
  const int64_t width = std::max<int64_t>(1, extent.keys);
  edges.queries = at::where(code < none, code.floor_divide(width), extent.queries);
  edges.keys = at::where(code < none, code.remainder(width), 0);
  if (log_gate.defined()) {
    const auto gates = log_gate.expand(sorted.sizes()).gather(-1, order);
    edges.log_gate = at::zeros(sorted.sizes(), gates.options())
                         .scatter_reduce(-1, rank, gates, "amax", /*include_self=*/false);
  }
  return edges;
}

std::pair<Tensor, Tensor> with_self_loops(const Tensor& queries, const Tensor& keys,
                                          int64_t positions) {
  auto sizes = queries.sizes().vec();
  sizes.back() = positions;
  const auto self = at::arange(positions, queries.options()).expand(sizes);
  return {at::cat({self, queries}, -1), at::cat({self, keys}, -1)};
}

Tensor edge_exists(const EdgeTensors& edges, int64_t queries) { return edges.queries < queries; }

Tensor expand_groups(const Tensor& x, int64_t heads) {
  if (!x.defined() || x.size(1) == heads) return x;
  if (x.size(1) == 1) return x.expand({x.size(0), heads, x.size(2)});
  return x.repeat_interleave(heads / x.size(1), 1);
}

Tensor edges_to_matrix(const Tensor& values, const EdgeTensors& edges, graph::Extent extent,
                       double rest) {
  const auto sizes = values.sizes();
  const int64_t none = extent.queries * extent.keys;
  auto place = edges.queries * extent.keys + edges.keys;
  place = at::where(edge_exists(edges, extent.queries), place, none);
  place = expand_groups(place, sizes[1]).expand(sizes);
  const auto flat = at::full({sizes[0], sizes[1], none + 1}, rest, values.options());
  return flat.scatter(-1, place, values)
      .narrow(-1, 0, none)
      .view({sizes[0], sizes[1], extent.queries, extent.keys});
}

Tensor edge_mask(const EdgeTensors& edges, graph::Extent extent, int64_t heads) {
  const auto all = at::ones(edges.queries.sizes(), edges.queries.options().dtype(torch::kBool));
  const auto mask = edges_to_matrix(all, edges, extent, 0);  // (B, G, T_q, T_k)
  if (mask.size(1) == 1 || mask.size(1) == heads) return mask;
  return mask.repeat_interleave(heads / mask.size(1), 1);
}

Overlap overlap(const EdgeTensors& a, const EdgeTensors& b, graph::Extent extent) {
  const int64_t examples = std::max(a.queries.size(0), b.queries.size(0));
  const int64_t groups = std::max(a.queries.size(1), b.queries.size(1));
  const auto spread = [&](const Tensor& x) {
    return x.expand({examples, x.size(1), x.size(2)})
        .repeat_interleave(groups / x.size(1), 1)
        .contiguous();
  };
  const auto code = [&](const EdgeTensors& e) {
    return spread(at::where(edge_exists(e, extent.queries), e.queries * extent.keys + e.keys,
                            extent.queries * extent.keys));
  };
  const auto wanted = code(a), given = code(b);
  const auto counts =
      (wanted < extent.queries * extent.keys) & (spread(a.queries) != spread(a.keys));
  const auto at = at::searchsorted(given, wanted).clamp_max(given.size(-1) - 1);
  const auto found = (given.gather(-1, at) == wanted) & counts;
  return {found.sum().to(torch::kDouble).item<double>(),
          counts.sum().to(torch::kDouble).item<double>()};
}

}  // namespace regard::attention
