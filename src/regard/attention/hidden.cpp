#include "regard/attention/hidden.hpp"

#include <ATen/ops/constant_pad_nd.h>

#include <cmath>
#include <limits>

#include "regard/attention/rows.hpp"

namespace regard::attention {
using torch::Tensor;

namespace {

bool finite(const Tensor& x) {
  const torch::NoGradGuard guard;
  return std::isfinite(x.sum(sum_type(x.scalar_type())).item<double>());
}

Tensor bad_rows(const Tensor& x) { return x.isfinite().all(-1).logical_not(); }  // (B, g, T)

// (B, g, T_q): whether a query meets a key of `bad` (B, g, T_k), without a dense mask.
Tensor meets(const Inputs& x, const Tensor& bad) {
  const auto& g = x.graph;
  const int64_t keys = bad.size(2);
  const auto before = at::constant_pad_nd(bad.cumsum(2), {1, 0});  // bad keys before each position
  const auto at = at::arange(keys - x.queries, keys, before.options());
  const auto count = [&](const Tensor& position) { return before.index_select(2, position); };
  auto end = g.right == graph::kUnlimited ? at::full_like(at, keys) : at + g.right + 1;
  if (g.causal) end = at::minimum(end, at + 1);
  end = end.clamp(0, keys);
  const auto begin = g.left == graph::kUnlimited ? at::zeros_like(at)
                                                 : at::minimum((at - g.left).clamp_min(0), end);
  auto met = count(end) - count(begin);
  if (g.global > 0) {
    const auto all = g.causal ? (at + 1).clamp(0, keys) : at::full_like(at, keys);
    met = at::where(at < g.global, count(all), met + count(begin.clamp_max(g.global)));
  }
  return met > 0;
}

bool keys_are_finite(const Inputs& x) {
  if (x.packed.value.defined()) return finite(x.packed.value);
  return finite(x.v) && (!x.k.defined() || finite(x.k));
}

// (B, h, T_q): rows that depend on a bad key, or have a bad query. Padded rows are 0 in any case.
Tensor dirty_rows(const Inputs& x, Reach reach, const Tensor& bad_q, Tensor bad_keys) {
  if (x.lengths.defined()) bad_keys = bad_keys & valid_rows(x.lengths, x.v.size(2)).squeeze(-1);
  auto dirty = expand_heads(meets(x, bad_keys), x.heads);
  if (bad_q.defined()) dirty = dirty | bad_q;
  const bool padded = x.lengths.defined() && x.queries == x.v.size(2);
  const auto valid = padded ? valid_rows(x.lengths, x.queries).squeeze(-1) : Tensor();
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
  clean.packed = {};
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
  const int64_t keys = x.v.size(2), first = keys - x.queries;  // position of the first query
  const auto& g = x.graph;
  if (x.lengths.defined() && !skips_padding) return true;
  if (g.causal && x.queries > 1) return true;
  return (g.left != graph::kUnlimited && g.left < keys - 1) ||
         (g.right != graph::kUnlimited && !g.causal && first + g.right < keys - 1);
}

Tensor run_without_hidden(const Inputs& x, Reach reach, const Run& run) {
  if (!x.v.is_cpu()) return run(x);
  if (x.graph.causal && x.graph.plain() && !x.lengths.defined()) {
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
