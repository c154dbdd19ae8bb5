#include "regard/attention/graphs/sac.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/where.h>

#include <cmath>
#include <limits>

#include "regard/attention/edge_rows.hpp"
#include "regard/attention/graphs/alpha.hpp"
#include "regard/ops/attention/uniform.hpp"

namespace regard::attention::graphs {
using torch::Tensor;

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();
constexpr int64_t kChunk = int64_t{1} << 24;  // scores that are alive at a time

class SacModule final : public GraphModule, public ReadsStepScalars {
 public:
  SacModule(const Sac& entry, const Size& size)
      : entry_(entry),
        facts_(entry.facts(false)),
        groups_(entry.share == "head" ? size.heads : 1),
        first_(entry.share != "all" || size.earlier == 0) {
    if (!first_) return;
    const int64_t rows = groups_ * entry.index;
    query_ = register_parameter("query", at::empty({rows, size.model_width}));
    key_ = register_parameter("key", at::empty({rows, size.model_width}));
    const torch::NoGradGuard guard;
    const double bound = 1 / std::sqrt(static_cast<double>(size.model_width));
    query_.uniform_(-bound, bound);
    key_.uniform_(-bound, bound);
  }

  std::vector<StepScalar> step_scalars() const override {
    const int64_t warm = entry_.warm;
    return {{scalar_name(), [warm](int64_t step, int64_t) { return step < warm ? 1.0 : 0.0; }}};
  }

  MadeGraph forward(const Call& call) override {
    MadeGraph made;
    made.graph = call.aligned(call.causal ? facts_.causally() : facts_);
    if (call.memory.defined()) return made;
    const bool warm = is_training() && is_warm();
    if (warm) made.graph = call.causal ? graph::causal() : graph::full();
    auto* left = entry_.share == "all" ? edges_left("sac") : nullptr;
    if (!first_ && left != nullptr) {
      made.edges = *left;
      return made;
    }
    const auto scored = score(call);
    if (!warm) made.edges = choose(call, scored);
    if (left != nullptr) *left = made.edges;
    if (is_training()) made.learn = loss(call, scored, made.edges);
    return made;
  }

 private:
  struct Scored {
    Tensor q, k;  // (B, G, T, index), q scaled
    Tensor matrix(int64_t first, int64_t count) const {
      return at::matmul(q.narrow(2, first, count), k.transpose(2, 3));  // (B, G, count, T)
    }
  };

  std::string scalar_name() const { return "sac_warm_" + std::to_string(entry_.warm); }

  bool is_warm() const {
    const auto* scalar = step_scalar(scalar_name());
    return scalar != nullptr && scalar->item<float>() > 0.5F;
  }

  Scored score(const Call& call) const {
    const auto x = call.x.detach().to(query_.scalar_type());
    const auto part = [&](const Tensor& weight) {
      return at::linear(x, weight)
          .view({x.size(0), x.size(1), groups_, entry_.index})
          .transpose(1, 2);
    };
    return {part(query_) / std::sqrt(static_cast<double>(entry_.index)), part(key_)};
  }

  // True where query may keep key beside itself: (B or 1, 1, count, T).
  static Tensor allowed(const Call& call, int64_t first, int64_t count, bool self) {
    const auto whole = torch::TensorOptions().dtype(torch::kLong).device(call.x.device());
    const auto i = at::arange(first, first + count, whole).view({1, 1, count, 1});
    const auto j = at::arange(call.x.size(1), whole).view({1, 1, 1, -1});
    auto mask = self ? (j >= 0).expand({1, 1, count, -1}) : j != i;
    if (call.causal) mask = mask & (j <= i);
    if (call.key_lengths.defined()) mask = mask & (j < call.key_lengths.view({-1, 1, 1, 1}));
    return mask;
  }

  // The best alpha keys of each query, by chunks of queries.
  EdgeTensors choose(const Call& call, const Scored& scored) const {
    const torch::NoGradGuard guard;
    const int64_t examples = call.x.size(0), positions = call.x.size(1);
    const int64_t most = std::min(entry_.alpha, positions);
    const int64_t rows = std::max<int64_t>(1, kChunk / (examples * groups_ * positions));
    std::vector<Tensor> queries, keys;
    for (int64_t first = 0; first < positions; first += rows) {
      const int64_t count = std::min(rows, positions - first);
      auto s = scored.matrix(first, count).to(torch::kFloat);
      if (is_training() && call.random != nullptr) s = s + gumbel(call, s, first);
      s = s.masked_fill(~allowed(call, first, count, false), kNever);
      const auto [value, key] = s.topk(most, -1, true, false);  // (B, G, count, most)
      const auto i = at::arange(first, first + count, key.options()).view({1, 1, count, 1});
      queries.push_back(at::where(value > kNever, i, positions).flatten(2));
      keys.push_back(key.flatten(2));
    }
    const auto [all_queries, all_keys] =
        with_self_loops(at::cat(queries, 2), at::cat(keys, 2), positions);
    return attention::make_edges(all_queries, all_keys, {}, {positions, positions});
  }

  static Tensor gumbel(const Call& call, const Tensor& like, int64_t first) {
    // A chunk has numbers of its own.
    const int64_t site = call.dropout.site + ((first + 1) << 4);
    const auto u =
        ops::uniform(like.sizes(), {call.random->seed, call.random->step, site}, like.device());
    return -((-u.log()).log());
  }

  // (B, h, ..) averaged over the heads of each group: (B, G, ..).
  Tensor by_group(const Tensor& weights) const {
    auto sizes = weights.sizes().vec();
    sizes[1] = groups_;
    sizes.insert(sizes.begin() + 2, weights.size(1) / groups_);
    return weights.view(sizes).mean(2);
  }

  std::function<void(const std::function<Tensor()>&)> loss(const Call& call, const Scored& scored,
                                                           const EdgeTensors& edges) const {
    return [this, call, scored, edges](const std::function<Tensor()>& weights) {
      const auto target = by_group(weights().to(scored.q.scalar_type()));
      add_loss("match", edges.defined() ? on_edges(call, scored, edges, target)
                                        : on_all(call, scored, target));
    };
  }

  // The mean over the queries that are there of a divergence (B, G, T).
  static Tensor mean_of(const Call& call, const Tensor& divergence) {
    if (!call.query_lengths.defined()) return divergence.mean();
    const auto valid = valid_rows(call.query_lengths, divergence.size(2)).squeeze(-1);
    const auto count = call.query_lengths.sum().clamp_min(1) * divergence.size(1);
    return divergence.masked_fill(~valid, 0.0).sum() / count;
  }

  static Tensor plogp(const Tensor& p) {
    return p * p.clamp_min(std::numeric_limits<float>::min()).log();
  }

  static Tensor on_all(const Call& call, const Scored& scored, const Tensor& given) {
    const int64_t positions = call.x.size(1);
    const auto mask = allowed(call, 0, positions, true);
    const auto sums = given.sum(-1, true);
    const auto target = given / sums.masked_fill(sums == 0, 1.0);
    const auto s = scored.matrix(0, positions).masked_fill(~mask, -1e30);
    const auto log_q = at::log_softmax(s, -1).masked_fill(~mask, 0.0);
    return mean_of(call, (plogp(target) - target * log_q).sum(-1));
  }

  Tensor on_edges(const Call& call, const Scored& scored, const EdgeTensors& edges,
                  const Tensor& given) const {
    Inputs x;
    x.v = scored.k;
    x.edges = edges;
    x.queries = call.x.size(1);
    x.heads = groups_;
    x.query_lengths = call.query_lengths;
    x.key_lengths = call.key_lengths;
    const auto rows = edge_rows(x);
    const auto sum = [&](const Tensor& values) {  // (B, G, C) -> (B, G, T)
      return sum_of_edges(values.unsqueeze(-1), rows).squeeze(-1);
    };
    const auto total = sum(given).gather(2, rows.queries);
    const auto target = given / total.masked_fill(total == 0, 1.0);
    const auto s = (at_queries(scored.q, rows) * at_keys(scored.k, rows)).sum(-1);
    const auto q = softmax_of_edges(s, rows).clamp_min(std::numeric_limits<float>::min());
    return mean_of(call, sum(plogp(target) - target * q.log()));
  }

  Sac entry_;
  graph::Graph facts_;
  int64_t groups_;
  bool first_;
  Tensor query_, key_;
};

}  // namespace

void Sac::check() {
  check_alpha(alpha);
  const auto demand = [](int64_t value, int64_t least, const char* name) {
    if (value >= least) return;
    throw InputError(std::string(name) + " of at least " + std::to_string(least) +
                     " was expected, and " + std::to_string(value) + " came");
  };
  demand(warm, 0, "warm");
  demand(index, 1, "index");
}

double Sac::choice_flops(int64_t positions, int64_t model_width, int64_t heads) const {
  const double n = static_cast<double>(positions), i = static_cast<double>(index);
  const double groups = share == "head" ? static_cast<double>(heads) : 1;
  return groups * (4 * n * static_cast<double>(model_width) * i + 2 * n * n * i);
}

graph::Graph Sac::facts(bool causal) const {
  return {graph::Edges{.per_query = alpha + 1, .learned = true}, causal};
}

std::shared_ptr<GraphModule> Sac::build(const Size& size) const {
  return std::make_shared<SacModule>(*this, size);
}

std::unique_ptr<Graph> make_sac() { return std::make_unique<Sac>(); }

}  // namespace regard::attention::graphs
