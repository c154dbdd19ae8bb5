#include "regard/attention/fold.hpp"

#include <algorithm>
#include <cmath>

#include "regard/attention/chunks.hpp"
#include "regard/attention/hidden.hpp"
#include "regard/attention/rows.hpp"
#include "regard/attention/streamed.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/ops/block/dropout.hpp"

namespace regard::attention {
using torch::Tensor;

namespace {

constexpr const char* kReference = "reference";

// Kept rows of the positions so far; new queries meet all of them. Rows that the graph can never
// need again are dropped.
class CacheDecoder final : public Decoder {
 public:
  CacheDecoder(const Fold& fold, const graph::Graph& graph, ReadRows read)
      : fold_(fold), graph_(graph), read_(std::move(read)) {}

  Tensor extend(const Tensor& q, const std::vector<Tensor>& rows, const Tensor& bias) override {
    const auto uses = fold_.uses();
    kept_.resize(rows.size());
    std::vector<Tensor> all;
    int64_t added = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      kept_[i].append(rows[i]);
      all.push_back(kept_[i].rows());
      if (rows[i].defined()) added = rows[i].size(2);
    }
    seen_ += added;
    const int64_t held = std::max_element(kept_.begin(), kept_.end(), shorter)->size();
    const auto [k, v] = read_(all, seen_ - held);
    auto x = make_inputs(uses.q ? q : Tensor(), uses.k ? k : Tensor(), v, graph_, "decoder");
    x.queries = added;
    if (bias.defined()) x.bias = bias.narrow(-1, bias.size(-1) - held, held).unsqueeze(0);
    const auto y = attend(fold_, "decoder", x);
    const auto* window = graph_.window();
    if (window && window->left != graph::kUnlimited && window->global == 0) {
      for (auto& kept : kept_) kept.keep_last(window->left);
    }
    return y;
  }

  void select(const Tensor& examples) override {
    for (auto& kept : kept_) kept.select(examples);
  }

  int64_t bytes() const override {
    int64_t bytes = 0;
    for (const auto& kept : kept_) bytes += kept.bytes();
    return bytes;
  }

 private:
  static bool shorter(const RowCache& a, const RowCache& b) { return a.size() < b.size(); }

  const Fold& fold_;
  graph::Graph graph_;
  ReadRows read_;
  std::vector<RowCache> kept_;
  int64_t seen_ = 0;
};

// Log gates as a bias of the scores.
Inputs with_gates(Inputs x) {
  if (!x.edges.log_gate.defined()) return x;
  const auto gates = expand_groups(x.edges.log_gate, x.heads).to(x.v.scalar_type());
  const auto bias = edges_to_matrix(gates, x.edges, {x.queries, x.keys()}, 0);
  x.bias = x.bias.defined() ? x.bias + bias : bias;
  return x;
}

Tensor run_reference(const Fold& fold, const Inputs& given) {
  auto x = with_gates(given);
  x.k = expand_heads(x.k, x.heads);
  x.v = expand_heads(x.v, x.heads);
  return fold.reference(x, dense_mask(x));
}

Kernel reference_kernel(const Fold& fold) {
  const auto fits = [&fold](const ops::Problem& p) {
    return reference_fits(p, fold.numbers_of_pair(p.width), fold.row_by_row());
  };
  return {kReference, fits, [&fold](const Inputs& x) {
            if (!x.graph.edges() || !fold.row_by_row()) return run_reference(fold, x);
            const auto rows = chunk_of_queries(problem_of(x), fold.numbers_of_pair(x.v.size(3)));
            return in_chunks(x, rows, [&fold](const Inputs& c) { return run_reference(fold, c); });
          }};
}

std::vector<Kernel> table(const Fold& fold) {
  auto kernels = fold.kernels();
  kernels.push_back(reference_kernel(fold));
  return kernels;
}

// The numbers of dropout of weights belong to the definition; no kernel draws them.
ops::Support answer(const Kernel& kernel, const ops::Problem& problem) {
  if (problem.dropout && kernel.name != kReference && !kernel.drops) {
    return ops::Support::no("dropout of attention weights is given");
  }
  return kernel.can(problem);
}

std::vector<ops::Candidate> ask(const std::vector<Kernel>& kernels, const ops::Problem& problem) {
  std::vector<ops::Candidate> rows;
  for (const auto& kernel : kernels) rows.push_back({kernel.name, answer(kernel, problem)});
  return rows;
}

// Edges stand beside their graph, and parameters of a fold beside its inputs.
void check_edges(const Fold& fold, const std::string& name, const Inputs& x) {
  if (x.graph.edges() && !x.edges.defined()) {
    throw InputError(name + ": the graph is edges, and none were given");
  }
  if (x.edges.log_gate.defined() && !fold.takes_gates()) {
    throw InputError(name + ": the edges have weights, and this fold has nothing that they enter");
  }
  const auto wanted = fold.parameters({.heads = x.heads, .head_width = x.v.size(3)}).size();
  if (x.parameters.size() < wanted) {
    throw InputError(name + ": the fold has parameters of its own, and none were given");
  }
}

bool is_empty(const Inputs& x) { return x.v.numel() == 0 || x.queries == 0 || x.heads == 0; }

// Where a size is 0: no numbers at all, or rows without keys, which are 0. Gradients are 0 too.
Tensor attend_nothing(const Fold& fold, const Inputs& x) {
  const auto uses = fold.uses();
  const auto none = at::zeros({x.v.size(0), x.heads, x.queries, x.keys()}, x.v.options());
  auto y = at::matmul(none, expand_heads(x.v, x.heads));
  if (uses.k) y = y + at::matmul(none, expand_heads(x.k, x.heads));
  if (uses.q) y = y + x.q.masked_fill(at::ones({}, x.q.options().dtype(torch::kBool)), 0.0);
  return y;
}

}  // namespace

namespace {

// Scores, weights and their gradients of one query, alive together in a training step.
double bytes_of_query(const ops::Problem& p, int64_t numbers_of_pair) {
  return 4.0 * static_cast<double>(p.batch) * static_cast<double>(p.heads) *
         static_cast<double>(p.keys) * static_cast<double>(numbers_of_pair) *
         static_cast<double>(c10::elementSize(p.dtype));
}

}  // namespace

int64_t chunk_of_queries(const ops::Problem& p, int64_t numbers_of_pair) {
  constexpr double kChunk = 1 << 28;
  const double rows = std::floor(kChunk / std::max(1.0, bytes_of_query(p, numbers_of_pair)));
  return rows >= static_cast<double>(p.queries) ? p.queries
                                                : std::max<int64_t>(1, static_cast<int64_t>(rows));
}

ops::Support reference_fits(const ops::Problem& p, int64_t numbers_of_pair, bool row_by_row) {
  const bool chunks = p.graph.edges() && row_by_row;
  const auto rows = static_cast<double>(chunks ? chunk_of_queries(p, numbers_of_pair) : p.queries);
  const double bytes = rows * bytes_of_query(p, numbers_of_pair);
  const double room = ops::free_bytes(p.device);
  if (bytes <= 0.9 * room) return ops::Support::yes();
  return ops::Support::no("one dense mask with its scores takes " + human_bytes(bytes) + ", and " +
                          human_bytes(room) + " are free");
}

std::vector<ops::Candidate> candidates(const Fold& fold, const std::string& name,
                                       const ops::Problem& problem) {
  auto rows = ask(table(fold), problem);
  try {
    ops::choose(rows, ops::forced_kernel(), name);
  } catch (const InputError&) {
    // Nothing fits: the rows carry the reasons, and none is marked.
  }
  return rows;
}

// The first that can; the rest is asked only when none can, or one is forced, to give the reasons.
const Kernel& choose_kernel(const std::vector<Kernel>& kernels, const ops::Problem& problem,
                            const std::string& name) {
  if (ops::forced_kernel().empty()) {
    for (const auto& kernel : kernels) {
      if (answer(kernel, problem).ok) return kernel;
    }
  }
  auto rows = ask(kernels, problem);
  return kernels[ops::choose(rows, ops::forced_kernel(), name)];
}

Tensor attend(const Fold& fold, const std::string& name, const Inputs& given) {
  auto why = given.graph.refusal();
  if (why.empty()) why = fold.refusal(given.graph);
  if (!why.empty()) throw InputError(name + ": " + why);
  if (given.bias.defined() && !fold.has_scores()) {
    throw InputError(name +
                     ": a bias was given, and this fold has no pairwise scores to add it to");
  }
  if (given.dropout.rate > 0 && !fold.has_scores()) {
    throw InputError(name +
                     ": dropout of weights was asked for, and this fold has no pairwise "
                     "weights");
  }
  check_edges(fold, name, given);
  if (is_empty(given)) return attend_nothing(fold, given);
  const auto kernels = table(fold);
  const auto problem = problem_of(given);
  const auto& kernel = choose_kernel(kernels, problem, name);
  ops::record_kernel(name + ":" + kernel.name);
  return run_kernel(fold, kernel, given, kernel.run);
}

Tensor run_kernel(const Fold& fold, const Kernel& kernel, const Inputs& x, const Run& run) {
  const auto reach = fold.reach();
  const bool plain = reach == Reach::kAll || !hides_keys(x, kernel.skips_padding);
  return plain ? run(x) : run_without_hidden(x, reach, run);
}

Tensor drop_weights(const Tensor& weights, const Inputs& x) {
  if (x.dropout.rate == 0 || !x.random) return weights;
  const ops::DropoutKey key{x.random->seed, x.random->step, x.dropout.site};
  if (!x.graph.edges()) return ops::dropout(weights, x.dropout.rate, key);
  return weights * edges_to_matrix(kept_edges(weights, x), x.edges, {x.queries, x.keys()}, 0);
}

// One number for each edge, whatever chunk it is in.
Tensor kept_edges(const Tensor& like, const Inputs& x) {
  const auto ones = at::ones({x.v.size(0), x.heads, x.edges.queries.size(2)}, like.options());
  if (x.dropout.rate == 0 || !x.random) return ones;
  return ops::dropout(ones, x.dropout.rate, {x.random->seed, x.random->step, x.dropout.site});
}

Cost Fold::cost(const ops::Problem& p) const {
  const double pairs = rows_of(p) * p.graph.pairs({p.queries, p.keys});
  return {4 * pairs * static_cast<double>(p.width), io_bytes(p, uses())};
}

std::shared_ptr<StreamedFold> Fold::streamed(StreamPlace) const { return nullptr; }

WeightMap Fold::weights(const Inputs& given) const {
  // y = A v, so the weights are what the reference makes of v = identity.
  const auto fits = reference_fits(problem_of(given));
  if (!fits.ok) throw InputError("weights: " + fits.why);
  Inputs x = with_gates(given);
  const int64_t keys = x.v.size(2);
  x.k = expand_heads(x.k, x.heads);
  x.v = at::eye(keys, x.v.options()).expand({x.v.size(0), x.heads, keys, keys});
  return {reference(x, dense_mask(x)), false};
}

Tensor Fold::edge_weights(const Inputs& x) const {
  const auto matrix = weights(x).values;  // (B, h, T_q, T_k)
  const auto place = x.edges.queries.clamp_max(x.queries - 1) * x.keys() + x.edges.keys;
  const auto at = expand_groups(place, x.heads).expand({matrix.size(0), x.heads, place.size(2)});
  const auto there = expand_groups(edge_exists(x.edges, x.queries), x.heads);
  return matrix.flatten(2).gather(2, at) * there;
}

std::unique_ptr<Decoder> Fold::decoder(const graph::Graph& graph, ReadRows read) const {
  if (graph.edges()) {
    throw InputError(
        "generation: a full graph, a causal one or a window was expected, and the edges of this "
        "graph are made for whole sequences");
  }
  return make_decoder(graph.causally(), std::move(read));
}

std::unique_ptr<Decoder> Fold::make_decoder(const graph::Graph& graph, ReadRows read) const {
  return std::make_unique<CacheDecoder>(*this, graph, std::move(read));
}

}  // namespace regard::attention
