#include "regard/attention/folds/linear.hpp"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/ones_like.h>

#include "regard/attention/rows.hpp"
#include "regard/ops/attention/linear_features.hpp"

namespace regard::attention::folds {
using torch::Tensor;

namespace {

// elu(x) + 1, written so that small values keep their digits: max(x, 0) + e^min(x, 0).
Tensor phi(const Tensor& x) { return x.relu() + x.clamp_max(0).exp(); }

// v with a column of ones: the last column of any weighted sum is its normaliser.
Tensor with_ones(const Tensor& v) { return at::cat({v, at::ones_like(v.narrow(-1, 0, 1))}, -1); }

// 0 where the normaliser is 0: no keys, or every product of features below the smallest number.
Tensor normalise(const Tensor& sums) {
  const int64_t width = sums.size(-1) - 1;
  const auto total = sums.narrow(-1, width, 1);
  return sums.narrow(-1, 0, width) / total.masked_fill(total == 0, 1.0);
}

struct Features {
  Tensor q, k, v;  // phi(q), phi(k) with padded keys zero, (v, 1); in the type of sums
};

Features features(const Inputs& x) {
  const auto type = sum_type(x.v.scalar_type());
  return {phi(x.q.to(type)), clear_keys(phi(expand_heads(x.k, x.heads).to(type)), x),
          with_ones(expand_heads(x.v, x.heads).to(type))};
}

Tensor finish(const Tensor& sums, const Inputs& x) {
  return clear_queries(normalise(sums), x).to(x.v.scalar_type());
}

Tensor run_sums(const Inputs& x) {
  const auto f = features(x);
  return finish(at::matmul(f.q, at::matmul(f.k.transpose(2, 3), f.v)), x);
}

// Products in the type of storage with fp32 sums inside; the features cost one kernel each.
Tensor run_device_sums(const Inputs& x) {
  const auto q = ops::linear_features(x.q, {});
  const auto k = ops::linear_features(expand_heads(x.k, x.heads), x.key_lengths);
  const auto v = expand_heads(x.v, x.heads);
  const auto sums = at::matmul(q, at::matmul(k.transpose(2, 3), v));
  // Without keys the sum of features is 0; a row of numbers below the smallest one divides by 1 as
  // well.
  const auto total = at::matmul(q, k.sum(2, true).transpose(2, 3));  // (B, h, T, 1)
  const auto y = sums / total.masked_fill(total == 0, 1.0);
  return clear_queries(y, x);
}

ops::Support can_device_sums(const ops::Problem& p) {
  if (auto features = ops::can_linear_features(p.device, p.dtype); !features.ok) return features;
  // Sums over time leave the range of fp16.
  if (p.dtype == torch::kHalf) return ops::Support::no("it takes fp32 and bf16");
  if (!p.graph.plain() || p.graph.causal()) return ops::Support::no("the graph is not full");
  return needs_whole(p);
}

// Within a chunk the masked product, before it the state sum_j phi(k_j) (v_j, 1)^T of all earlier
// chunks.
Tensor run_chunks(const Inputs& x) {
  constexpr int64_t kChunk = 64;
  const auto f = features(x);
  const int64_t positions = x.queries, chunks = (positions + kChunk - 1) / kChunk;
  const int64_t missing = chunks * kChunk - positions;
  const auto cut = [&](const Tensor& t) {
    return at::constant_pad_nd(t, {0, 0, 0, missing})
        .view({t.size(0), t.size(1), chunks, kChunk, t.size(3)});  // (B, h, n, C, d)
  };
  const auto q = cut(f.q), k = cut(f.k), v = cut(f.v);
  const auto inside = at::matmul(at::matmul(q, k.transpose(3, 4)).tril(), v);
  auto sums = inside;
  if (chunks > 1) {
    const auto states = at::matmul(k.transpose(3, 4), v).cumsum(2);  // (B, h, n, d, d+1)
    const auto earlier = at::constant_pad_nd(states.narrow(2, 0, chunks - 1), {0, 0, 0, 0, 1, 0});
    sums = sums + at::matmul(q, earlier);
  }
  sums = sums.reshape({f.q.size(0), x.heads, chunks * kChunk, -1}).narrow(2, 0, positions);
  return finish(sums, x);
}

ops::Support can_whole(const ops::Problem& p, bool causal) {
  if (!p.graph.plain()) {
    return ops::Support::no("the graph is " + p.graph.name() + ", which needs a sum a query");
  }
  if (p.graph.causal() != causal) {
    return ops::Support::no(causal ? "the graph is not causal" : "the graph is causal");
  }
  return needs_whole(p);
}

// State: sum_j phi(k_j) (v_j, 1)^T.
class LinearDecoder final : public Decoder {
 public:
  explicit LinearDecoder(ReadRows read) : read_(std::move(read)) {}

  Tensor extend(const Tensor& q, const std::vector<Tensor>& rows, const Tensor&) override {
    constexpr int64_t kChunk = 64;
    const auto [k, v] = read_(rows, seen_);
    const int64_t count = q.size(2);
    seen_ += count;
    std::vector<Tensor> out;
    for (int64_t first = 0; first < count; first += kChunk) {
      const auto cut = [&](const Tensor& t) {
        return expand_heads(t, q.size(1)).narrow(2, first, std::min(kChunk, count - first));
      };
      out.push_back(extend_chunk(cut(q), cut(k), cut(v)));
    }
    return out.size() == 1 ? out[0] : at::cat(out, 2);
  }
  void select(const Tensor& examples) override {
    if (state_.defined()) state_ = state_.index_select(0, examples);
  }
  int64_t bytes() const override {
    return state_.defined() ? static_cast<int64_t>(state_.nbytes()) : 0;
  }

 private:
  Tensor extend_chunk(const Tensor& q, const Tensor& k, const Tensor& v) {
    const auto type = sum_type(v.scalar_type());
    const auto queries = phi(q.to(type)), keys = phi(k.to(type)).transpose(2, 3),
               values = with_ones(v.to(type));
    const auto update = at::matmul(keys, values);
    const auto before = state_;
    state_ = before.defined() ? before + update : update;
    Tensor sums;
    if (q.size(2) == 1) {
      sums = at::matmul(queries, state_);
    } else {
      sums = at::matmul(at::matmul(queries, keys).tril(), values);
      if (before.defined()) sums = sums + at::matmul(queries, before);
    }
    return normalise(sums).to(v.scalar_type());
  }

  ReadRows read_;
  Tensor state_;  // (B, h, d, d + 1), in the type of sums
  int64_t seen_ = 0;
};

}  // namespace

Tensor Linear::reference(const Inputs& x, const Tensor& mask) const {
  const auto weights = at::matmul(phi(x.q), phi(x.k).transpose(2, 3)) * mask;  // (B, h, T_q, T_k)
  const auto total = weights.sum(-1, true);
  return at::matmul(weights / total.masked_fill(total == 0, 1.0), x.v);
}

std::vector<Kernel> Linear::kernels() const {
  return {{"device_sums", can_device_sums, run_device_sums},
          {"sums", [](const ops::Problem& p) { return can_whole(p, false); }, run_sums},
          {"chunks", [](const ops::Problem& p) { return can_whole(p, true); }, run_chunks}};
}

Cost Linear::cost(const ops::Problem& p) const {
  const double d = static_cast<double>(p.width);
  if (!p.graph.plain()) {
    return {4 * d * rows_of(p) * p.graph.pairs({p.queries, p.keys}), io_bytes(p, uses())};
  }
  return {4 * d * d * rows_of(p) * static_cast<double>(p.keys), io_bytes(p, uses())};
}

std::unique_ptr<Decoder> Linear::make_decoder(const graph::Graph& graph, ReadRows read) const {
  if (!graph.plain()) return Fold::make_decoder(graph, std::move(read));
  return std::make_unique<LinearDecoder>(std::move(read));
}

std::unique_ptr<Fold> make_linear() { return std::make_unique<Linear>(); }

}  // namespace regard::attention::folds
