// Problems that every fold has to solve: lengths, padding, graphs, grouped heads, hostile numbers.
#pragma once

#include <torch/types.h>

#include <cmath>
#include <string>
#include <vector>

#include "regard/attention/phrase.hpp"

namespace regard::harness {
using attention::Inputs;
using torch::Tensor;

/// Numbers that break careless kernels.
enum class Content {
  kNormal,    // N(0, 1)
  kOutliers,  // one element in fifty times 60
  kHundred,   // scores from -100 to 100 at head width 8
  kZeros,     // one position in three has q = k = v = 0
};

struct Case {
  std::string name;
  int64_t queries = 0, keys = 0;
  graph::Graph graph;
  std::vector<int64_t> lengths = {};
  int64_t heads = 2, kv_heads = 2, width = 8;
  Content content = Content::kNormal;
  bool bias = false;
};

/// A score below this has the weight 0 in any type, so kernels and reference may differ only above
/// it.
inline double largest_score(Content content) { return content == Content::kHundred ? 100 : 10; }

/// A kind of graph that no kernel names: a query meets every third key, itself among them.
struct EveryThird final : graph::Pattern {
  std::string name() const override { return "every third key"; }
  bool allows(int64_t query, int64_t key, graph::Extent extent) const override {
    return (query + extent.keys - extent.queries - key) % 3 == 0;
  }
};

inline std::vector<Case> cases() {
  const graph::Graph full = graph::full(), causal = graph::causal();
  const graph::Graph window = graph::window(4);
  const graph::Graph behind = window.causally(), uneven = graph::Band{.left = 5, .right = 2},
                     global = graph::Band{.left = 3, .right = 3, .global = 3};
  // Kernels refuse a kind that they do not name, or compute it rightly.
  const graph::Graph third(std::make_shared<EveryThird>());
  std::vector<Case> all;
  for (const int64_t t : {1, 63, 193, 1000}) {
    const auto size = " T=" + std::to_string(t);
    all.push_back({"full" + size, t, t, full});
    all.push_back({"causal" + size, t, t, causal});
    all.push_back({"window" + size, t, t, window});
  }
  for (const auto& [name, graph] : {std::pair{"full", full},
                                    {"causal", causal},
                                    {"window", window},
                                    {"causal window", behind},
                                    {"uneven window", uneven},
                                    {"window with global", global},
                                    {"every third key", third},
                                    {"causal, every third key", third.causally()}}) {
    const std::string base = name;
    all.push_back({base, 130, 130, graph});
    all.push_back({base + ", ragged", 70, 70, graph, {70, 0, 1, 33}});
    all.push_back({base + ", grouped heads", 70, 70, graph, {70, 9}, 4, 2});
    all.push_back({base + ", odd width", 70, 70, graph, {}, 2, 2, 7});
    all.push_back({base + ", outliers", 70, 70, graph, {}, 2, 2, 8, Content::kOutliers});
    all.push_back({base + ", +-100", 70, 70, graph, {}, 2, 2, 8, Content::kHundred});
    all.push_back({base + ", zero vectors", 70, 70, graph, {70, 40}, 2, 2, 8, Content::kZeros});
    all.push_back({base + ", bias", 70, 70, graph, {70, 0}, 2, 2, 8, Content::kNormal, true});
    all.push_back({base + ", 5 queries of 70 keys", 5, 70, graph});
    all.push_back({base + ", 1 query of 70 keys", 1, 70, graph});
    all.push_back({base + ", 5 queries, ragged", 5, 70, graph, {70, 0, 66}});
    all.push_back({base + ", 70 queries of 5 keys", 70, 5, graph});
  }
  return all;
}

inline Tensor random(at::IntArrayRef shape, int64_t seed) {
  auto generator = at::detail::createCPUGenerator(static_cast<uint64_t>(seed));
  return at::randn(shape, generator, torch::kDouble);
}

/// q, k, v in float64 that are exact in `dtype`.
inline Inputs make_inputs(const Case& c, torch::ScalarType dtype, int64_t seed = 1) {
  const int64_t batch = c.lengths.empty() ? 2 : static_cast<int64_t>(c.lengths.size());
  std::vector<Tensor> parts = {random({batch, c.heads, c.queries, c.width}, seed),
                               random({batch, c.kv_heads, c.keys, c.width}, seed + 1),
                               random({batch, c.kv_heads, c.keys, c.width}, seed + 2)};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto& x = parts[i];
    if (c.content == Content::kOutliers) x.view(-1).slice(0, 7, x.numel(), 50).mul_(60);
    if (c.content == Content::kHundred && i < 2) x.sign_().mul_(std::sqrt(100 / std::sqrt(8.0)));
    if (c.content == Content::kZeros) x.slice(2, 0, x.size(2), 3).zero_();
    x = x.to(dtype).to(torch::kDouble);
  }
  auto x = attention::make_inputs(parts[0], parts[1], parts[2], c.graph, "test");
  if (!c.lengths.empty()) x.set_lengths(at::tensor(c.lengths, torch::kLong));
  if (c.bias)
    x.bias = random({1, c.heads, c.queries, c.keys}, seed + 3).to(dtype).to(torch::kDouble);
  return x;
}

/// The same inputs in `dtype`, as leaves of a new graph of autograd.
inline Inputs leaves(const Inputs& given, torch::ScalarType dtype) {
  Inputs x = given;
  for (auto* t : {&x.q, &x.k, &x.v}) *t = t->detach().to(dtype, false, true).requires_grad_();
  if (x.bias.defined()) x.bias = x.bias.to(dtype);
  return x;
}

inline attention::Phrase fold_of(const std::string& phrase) {
  return attention::parse_phrase(phrase);
}

inline double largest(const Tensor& x) {
  return x.defined() && x.numel() > 0 ? x.abs().max().item<double>() : 0;
}

/// Largest difference beside `scale`; infinite where a number is not finite.
inline double difference(const Tensor& came, const Tensor& expected, double scale) {
  const double worst = largest(came.to(torch::kDouble) - expected.to(torch::kDouble));
  return std::isnan(worst) ? INFINITY : worst / std::max(scale, 1e-30);
}

/// Largest difference beside the largest number.
inline double relative(const Tensor& came, const Tensor& expected) {
  return difference(came, expected, largest(expected));
}

}  // namespace regard::harness
