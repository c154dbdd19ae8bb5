#include "regard/attention/graphs/bound.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/ops/block/linear.hpp"

namespace regard::attention::graphs {
using torch::Tensor;

namespace {

/// The paper's multigraph of the kept pairs of one example, without its merging of like sentences.
std::vector<graph::PaperEdge> paper_edges(const BoundPairs& pairs, int64_t b, int64_t length) {
  const auto i = pairs.queries[b][0].to(torch::kCPU).contiguous(),
             j = pairs.keys[b][0].to(torch::kCPU).contiguous(),
             w = pairs.weights[b][0].detach().to(torch::kCPU, torch::kDouble).contiguous();
  std::vector<graph::WeightedPair> kept;
  for (int64_t e = 0; e < i.size(0); ++e) {
    if (i.data_ptr<int64_t>()[e] >= length) break;
    kept.push_back({i.data_ptr<int64_t>()[e], j.data_ptr<int64_t>()[e], w.data_ptr<double>()[e]});
  }
  std::vector<int64_t> ids(static_cast<std::size_t>(length));
  for (std::size_t at = 0; at < ids.size(); ++at) ids[at] = static_cast<int64_t>(at);
  return graph::paper_graph(kept, ids).edges;
}

EdgeTensors paper_tensors(const BoundPairs& pairs, const Tensor& lengths) {
  const int64_t examples = pairs.own.size(0), positions = pairs.own.size(1);
  std::vector<std::vector<graph::PaperEdge>> all;
  std::size_t room = 1;
  for (int64_t b = 0; b < examples; ++b) {
    all.push_back(
        paper_edges(pairs, b, lengths.defined() ? lengths[b].item<int64_t>() : positions));
    room = std::max(room, all.back().size());
  }
  const auto size = std::vector<int64_t>{examples, 1, static_cast<int64_t>(room)};
  auto queries = at::full(size, positions, torch::kLong), keys = at::zeros(size, torch::kLong),
       gates = at::zeros(size, torch::kFloat);
  for (int64_t b = 0; b < examples; ++b) {
    const auto& edges = all[static_cast<std::size_t>(b)];
    for (std::size_t e = 0; e < edges.size(); ++e) {
      const auto at = b * static_cast<int64_t>(room) + static_cast<int64_t>(e);
      queries.data_ptr<int64_t>()[at] = edges[e].query;
      keys.data_ptr<int64_t>()[at] = edges[e].key;
      gates.data_ptr<float>()[at] = std::log(static_cast<float>(edges[e].copies));
    }
  }
  const auto [all_queries, all_keys] = with_self_loops(queries, keys, positions);
  const auto own = at::zeros({examples, 1, positions}, torch::kFloat);
  auto made = make_edges(all_queries, all_keys, at::cat({own, gates}, 2), {positions, positions});
  const auto device = pairs.own.device();
  return {made.queries.to(device), made.keys.to(device), made.log_gate.to(device)};
}

class BoundModule final : public GraphModule {
 public:
  BoundModule(const Bound& entry, const Size& size)
      : entry_(entry), facts_(entry.facts(false)), heads_(size.heads), width_(size.head_width) {
    query_ = register_parameter("query", at::empty({heads_ * width_, size.model_width}));
    key_ = register_parameter("key", at::empty({heads_ * width_, size.model_width}));
    const torch::NoGradGuard guard;
    const double bound = 1 / std::sqrt(static_cast<double>(size.model_width));
    query_.uniform_(-bound, bound);
    key_.uniform_(-bound, bound);
  }

  MadeGraph forward(const Call& call) override {
    MadeGraph made;
    made.graph = call.aligned(call.causal ? facts_.causally() : facts_);
    if (call.memory.defined()) return made;
    const auto part = [&](const Tensor& weight) {
      return ops::linear(call.x, weight, {})
          .view({call.x.size(0), call.x.size(1), heads_, width_})
          .transpose(1, 2);
    };
    BoundOptions options;
    options.rule = entry_.bound_rule();
    options.causal = call.causal;
    if (entry_.paper()) {
      const torch::NoGradGuard guard;
      const auto pairs = bound_pairs(part(query_), part(key_), call.key_lengths, options);
      made.edges = paper_tensors(pairs, call.key_lengths);
      return made;
    }
    const auto pairs = bound_pairs(part(query_), part(key_), call.key_lengths, options);
    made.edges = edges_of_pairs(pairs, call.causal ? Directions::kOne : Directions::kBoth);
    return made;
  }

 private:
  Bound entry_;
  graph::Graph facts_;
  int64_t heads_, width_;
  Tensor query_, key_;
};

}  // namespace

void Bound::visit(Visitor& f) {
  f("rule", rule, "keep weights near the largest of the row, or above its mean", {"max", "mean"});
  f("delta", delta, "how far, in standard deviations of the row (-1: 0.5)");
  f("degree", degree, "instead of delta: keys a query beside itself");
  f("mode", mode,
    "weighted: log weights are gates; paper: weights are left out, a mutual pair counts twice",
    {"weighted", "paper"});
}

void Bound::check() {
  if (degree != kNone && degree < 1)
    throw InputError("degree of at least 1 was expected, and " + std::to_string(degree) + " came");
  if (delta != kHalf && !(delta >= 0))
    throw InputError("delta of at least 0 was expected, and " + shortest(delta) + " came");
  if (degree != kNone && (delta != kHalf || rule != Bound().rule))
    throw InputError("degree, or rule and delta, was expected, and both came");
  if (delta == 0.5) delta = kHalf;  // one spelling
}

graph::BoundRule Bound::bound_rule() const {
  using Kind = graph::BoundRule::Kind;
  if (degree != kNone) return {Kind::kDegree, 0, degree};
  return {rule == "mean" ? Kind::kMean : Kind::kMax, delta == kHalf ? 0.5 : delta, 0};
}

std::string Bound::refusal(bool causal) const {
  if (causal && paper())
    return "bound(mode=paper) joins positions in both directions, which a causal model may not "
           "see; take mode=weighted";
  return "";
}

double Bound::choice_flops(int64_t positions, int64_t model_width, int64_t) const {
  const double n = static_cast<double>(positions), width = static_cast<double>(model_width);
  return 4 * n * width * width + 2 * n * n * width;
}

graph::Graph Bound::facts(bool causal) const {
  return {graph::Edges{.per_query = 0, .self = true, .learned = true}, causal};
}

std::shared_ptr<GraphModule> Bound::build(const Size& size) const {
  return std::make_shared<BoundModule>(*this, size);
}

std::unique_ptr<Graph> make_bound() { return std::make_unique<Bound>(); }

}  // namespace regard::attention::graphs
