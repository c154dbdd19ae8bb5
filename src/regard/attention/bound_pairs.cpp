#include "regard/attention/bound_pairs.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>

#include "regard/attention/rows.hpp"

namespace regard::attention {
using torch::Tensor;

namespace {

struct Rows {
  int64_t first = 0, count = 0;
};

// True where query and key are positions of the example that may meet: (B, count, T).
Tensor allowed(const Tensor& q, const Tensor& lengths, bool causal, Rows rows) {
  const auto whole = torch::TensorOptions().dtype(torch::kLong).device(q.device());
  const auto i = at::arange(rows.first, rows.first + rows.count, whole).view({1, -1, 1});
  const auto j = at::arange(q.size(2), whole).view({1, 1, -1});
  auto mask = causal ? j <= i : (j >= 0).expand({1, rows.count, -1});
  if (lengths.defined()) {
    const auto length = lengths.to(torch::kLong).view({-1, 1, 1});
    mask = mask & (j < length) & (i < length);
  }
  return mask.expand({q.size(0), rows.count, q.size(2)});
}

// P of some rows, 0 where the mask is false: (B, count, T).
Tensor head_mean(const Tensor& q, const Tensor& k, const Tensor& mask, PairWeights weights,
                 Rows rows) {
  const auto type = sum_type(q.scalar_type());
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(3)));
  const auto s =
      at::matmul(q.narrow(2, rows.first, rows.count).to(type) * scale, k.to(type).transpose(2, 3));
  const auto seen = mask.unsqueeze(1);  // (B, 1, count, T)
  if (weights == PairWeights::kSigmoid) {
    const auto n = seen.sum(-1, true).clamp_min(1).to(type);
    return (s - n.log()).sigmoid().masked_fill(~seen, 0.0).mean(1);
  }
  const auto top = s.detach().masked_fill(~seen, -1e30).amax(-1, true);
  const auto e = (s - top).masked_fill(~seen, 0.0).exp().masked_fill(~seen, 0.0);
  const auto sums = e.sum(-1, true);
  return (e / sums.masked_fill(sums == 0, 1.0)).mean(1);
}

// True where the rule keeps a pair of P (B, count, T), without gradient.
Tensor kept(const Tensor& given, const Tensor& mask, const BoundOptions& options, Rows rows) {
  const torch::NoGradGuard guard;
  const auto p = given.detach();
  const double never = -std::numeric_limits<double>::infinity();
  if (options.rule.kind == graph::BoundRule::Kind::kDegree) {
    const auto whole = torch::TensorOptions().dtype(torch::kLong).device(p.device());
    const auto i = at::arange(rows.first, rows.first + rows.count, whole).view({1, -1, 1});
    const auto others = mask & (at::arange(p.size(2), whole).view({1, 1, -1}) != i);
    const auto order = at::argsort(p.masked_fill(~others, never), /*stable=*/true, -1, true);
    const auto best = order.narrow(2, 0, std::min(options.rule.degree, p.size(2)));
    return at::zeros_like(mask).scatter(2, best, true) & others;
  }
  const auto n = mask.sum(-1, true).clamp_min(1).to(p.scalar_type());
  const auto mean = options.weights == PairWeights::kSoftmax ? n.reciprocal() : p.sum(-1, true) / n;
  const auto square = (p - mean).masked_fill(~mask, 0.0).square().sum(-1, true);
  const auto s = (square / (n - 1).clamp_min(1)).sqrt();
  const auto top = p.masked_fill(~mask, never).amax(-1, true);
  const auto low = p.masked_fill(~mask, -never).amin(-1, true);
  const auto tau = options.rule.kind == graph::BoundRule::Kind::kMean
                       ? mean + options.rule.delta * s
                       : top - options.rule.delta * s;
  return mask & ((p >= tau) | (top == low));
}

// What the chunks gave, each pair (b, i, j), packed into rows of examples.
BoundPairs packed(const Tensor& b, Tensor i, Tensor j, Tensor w, int64_t examples,
                  int64_t positions) {
  const auto order = at::argsort(b, /*stable=*/true, 0, false);
  const auto counts = at::bincount(b, {}, examples);
  const auto starts = counts.cumsum(0) - counts;
  const auto sorted = b.index_select(0, order);
  const auto place = at::arange(sorted.size(0), sorted.options()) - starts.index_select(0, sorted);
  const int64_t room = std::max<int64_t>(1, counts.max().item<int64_t>());
  const auto slot = sorted * room + place;
  const auto spread = [&](const Tensor& values, double rest) {
    return at::full({examples * room}, rest, values.options())
        .scatter(0, slot, values.index_select(0, order))
        .view({examples, 1, room});
  };
  BoundPairs pairs;
  pairs.queries = spread(i, static_cast<double>(positions));
  pairs.keys = spread(j, 0);
  pairs.weights = spread(w, 0);
  return pairs;
}

}  // namespace

BoundPairs bound_pairs(const Tensor& q, const Tensor& k, const Tensor& lengths,
                       const BoundOptions& options) {
  const int64_t examples = q.size(0), positions = q.size(2);
  const int64_t row = std::max<int64_t>(1, examples * q.size(1) * positions);
  const int64_t count = std::max<int64_t>(1, options.chunk_weights / row);
  std::vector<Tensor> b, i, j, w, own;
  for (int64_t first = 0; first < positions; first += count) {
    const Rows rows{first, std::min(count, positions - first)};
    const auto mask = allowed(q, lengths, options.causal, rows);
    const auto p = head_mean(q, k, mask, options.weights, rows);
    const auto found = at::nonzero(kept(p, mask, options, rows));
    b.push_back(found.select(1, 0));
    i.push_back(found.select(1, 1) + first);
    j.push_back(found.select(1, 2));
    w.push_back(p.index({b.back(), found.select(1, 1), j.back()}));
    own.push_back(p.diagonal(first, 1, 2));
  }
  auto pairs = packed(at::cat(b), at::cat(i), at::cat(j), at::cat(w), examples, positions);
  pairs.own = at::cat(own, 1);
  return pairs;
}

EdgeTensors edges_of_pairs(const BoundPairs& pairs, Directions directions) {
  const int64_t positions = pairs.own.size(1);
  auto queries = pairs.queries, keys = pairs.keys, weights = pairs.weights;
  if (directions == Directions::kBoth) {
    // Behind the last pair the query is T, which as a key is no pair either.
    queries = at::cat({queries, keys}, 2);
    keys = at::cat({keys, pairs.queries}, 2);
    weights = at::cat({weights, weights}, 2);
  }
  const auto [all_queries, all_keys] = with_self_loops(queries, keys, positions);
  const auto all = at::cat({pairs.own.unsqueeze(1), weights}, 2);
  const auto gates = all.clamp_min(std::numeric_limits<float>::min()).log();
  return make_edges(all_queries, all_keys, gates, {positions, positions});
}

}  // namespace regard::attention
