#include "regard/attention/hidden.hpp"

#include <ATen/ops/constant_pad_nd.h>

#include <cmath>
#include <limits>

#include "regard/attention/edge_rows.hpp"
#include "regard/attention/rows.hpp"

namespace regard::attention {
using torch::Tensor;

namespace {

bool finite(const Tensor& x) {
  const torch::NoGradGuard guard;
  return std::isfinite(x.sum(sum_type(x.scalar_type())).item<double>());
}

Tensor bad_rows(const Tensor& x) { return x.isfinite().all(-1).logical_not(); }  // (B, g, T)

// (B, g, T_q): whether a query of a band meets a key of `bad` (B, g, T_k), without a dense mask.
Tensor meets_in_band(const Inputs& x, const graph::Band& band, const Tensor& bad) {
  const bool causal = x.graph.causal();
  const int64_t keys = bad.size(2);
  const auto before = at::constant_pad_nd(bad.cumsum(2), {1, 0});  // bad keys before each position
  const auto at = at::arange(keys - x.queries, keys, before.options());
  const auto count = [&](const Tensor& position) { return before.index_select(2, position); };
  auto end = band.right == graph::kUnlimited ? at::full_like(at, keys) : at + band.right + 1;
  if (causal) end = at::minimum(end, at + 1);
  end = end.clamp(0, keys);
  const auto begin = band.left == graph::kUnlimited
                         ? at::zeros_like(at)
                         : at::minimum((at - band.left).clamp_min(0), end);
  auto met = count(end) - count(begin);
  if (band.global > 0) {
    const auto all = causal ? (at + 1).clamp(0, keys) : at::full_like(at, keys);
    met = at::where(at < band.global, count(all), met + count(begin.clamp_max(band.global)));
  }
  return met > 0;
}

Tensor meets(const Inputs& x, const Tensor& bad) {
  if (x.graph.edges())
    return sum_of_edges(at_keys(bad.to(torch::kFloat).unsqueeze(-1), edge_rows(x)), edge_rows(x))
               .squeeze(-1) > 0;
  if (x.graph.plain()) return meets_in_band(x, {}, bad);
  if (const auto* window = x.graph.window()) return meets_in_band(x, *window, bad);
  const auto mask = graph_mask(x.graph, {x.queries, x.keys()}, bad.device()).to(torch::kFloat);
  return at::matmul(mask, bad.to(torch::kFloat).unsqueeze(-1)).squeeze(-1) > 0;
}

bool keys_are_finite(const Inputs& x) { return finite(x.v) && (!x.k.defined() || finite(x.k)); }

// (B, h, T_q): rows that depend on a bad key, or have a bad query. Padded rows are 0 in any case.
Tensor dirty_rows(const Inputs& x, Reach reach, const Tensor& bad_q, Tensor bad_keys) {
  if (x.key_lengths.defined()) {
    bad_keys = bad_keys & valid_rows(x.key_lengths, x.keys()).squeeze(-1);
  }
  auto dirty =
      expand_heads(meets(x, x.graph.edges() ? expand_heads(bad_keys, x.heads) : bad_keys), x.heads);
  if (bad_q.defined()) dirty = dirty | bad_q;
  const bool padded = x.query_lengths.defined();
  const auto valid = padded ? valid_rows(x.query_lengths, x.queries).squeeze(-1) : Tensor();
  if (padded) dirty = dirty & valid;
  if (reach != Reach::kKeysOfKeys) return dirty;
  dirty = dirty | meets(x, dirty);
  return padded ? dirty & valid : dirty;
}

// `given`: run(x) where it is known, else undefined.
Tensor run_cleared(const Inputs& x, Reach reach, const Run& run, Tensor given) {
  const auto bad_of = [](const Tensor& t) { return t.defined() ? bad_rows(t.detach()) : t; };
  const auto clear = [](const Tensor& t, const Tensor& bad) {
    return bad.defined() ? t.masked_fill(bad.unsqueeze(-1), 0.0) : t;
  };
  const auto bad_q = bad_of(x.q), bad_k = bad_of(x.k), bad_v = bad_of(x.v);
  const auto dirty = dirty_rows(x, reach, bad_q, bad_k.defined() ? bad_k | bad_v : bad_v);
  Inputs clean = x;
  clean.q = clear(x.q, bad_q);
  clean.k = clear(x.k, bad_k);
  clean.v = clear(x.v, bad_v);
  const auto y = run(clean);
  if (!dirty.any().item<bool>()) return y;
  if (!given.defined()) {
    const torch::NoGradGuard guard;
    given = run(x);
  }
  return at::where(dirty.unsqueeze(-1), given.detach(), y);
}

}  // namespace

bool hides_keys(const Inputs& x, bool skips_padding) {
  const int64_t keys = x.keys(), first = keys - x.queries;  // position of the first query
  if (x.key_lengths.defined() && !skips_padding) return true;
  if (x.graph.causal() && x.queries > 1) return true;
  if (x.graph.plain()) return false;
  const auto* g = x.graph.window();
  if (!g) return true;
  return (g->left != graph::kUnlimited && g->left < keys - 1) ||
         (g->right != graph::kUnlimited && !x.graph.causal() && first + g->right < keys - 1);
}

Tensor run_without_hidden(const Inputs& x, Reach reach, const Run& run) {
  if (!x.v.is_cpu()) return run(x);
  if (x.graph.causal() && x.graph.plain() && !x.key_lengths.defined()) {
    const auto y = run(x);
    return finite(y.select(2, x.queries - 1)) ? y : run_cleared(x, reach, run, y);
  }
  return keys_are_finite(x) ? run(x) : run_cleared(x, reach, run, {});
}

Tensor sum_allowed(const Tensor& allowed, const Tensor& x) {
  if (!x.is_cpu() || finite(x)) return at::matmul(allowed, x);
  const auto bad = x.detach().isfinite().logical_not();
  const auto met = at::matmul(allowed, bad.to(x.scalar_type())) > 0;
  return at::matmul(allowed, x.masked_fill(bad, 0.0))
      .masked_fill(met, std::numeric_limits<double>::quiet_NaN());
}

}  // namespace regard::attention
