#include "regard/attention/self_attention.hpp"

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/ops/block/linear.hpp"
#include "regard/ops/step/wait.hpp"

namespace regard::attention {
using torch::Tensor;

namespace {

Size size_of(const Phrase& phrase, const SelfAttentionOptions& options) {
  if (options.heads < 1 || (options.head_width == 0 && options.width % options.heads != 0)) {
    throw InputError(
        "self-attention: a width divisible by the number of heads was expected, and width " +
        std::to_string(options.width) + " with " + std::to_string(options.heads) + " heads came");
  }
  return {.model_width = options.width,
          .heads = options.heads,
          .head_width = options.head_width > 0 ? options.head_width : options.width / options.heads,
          .uses = phrase.fold->uses(),
          .bias = options.bias,
          .earlier = options.earlier};
}

void check_fold(const Phrase& phrase, const Positions* positions, const WeightDropout& dropout) {
  if (phrase.fold->has_scores()) return;
  const auto place = "phrase \"" + phrase.canonical + "\": ";
  if (positions && positions->biases()) {
    throw InputError(place +
                     "positions by a score bias (alibi) need a fold with pairwise scores, and " +
                     phrase.fold_name + " has none; use learned, sinusoidal, rotary or none");
  }
  if (dropout.rate > 0) {
    throw InputError(place + "attention_dropout needs a fold with pairwise weights, and " +
                     phrase.fold_name + " has none");
  }
}

}  // namespace

SelfAttention::SelfAttention(Phrase phrase, const SelfAttentionOptions& options,
                             std::shared_ptr<Positions> positions)
    : phrase_(std::move(phrase)),
      options_(options),
      size_(size_of(phrase_, options)),
      positions_(std::move(positions)) {
  check_meaning(phrase_, options.causal);
  check_fold(phrase_, positions_.get(), options.dropout);
  projection_ = register_module(
      "projection", std::make_shared<ParameterModule>(phrase_.projection->parameters(size_)));
  graph_ = register_module("graph", phrase_.graph->build(size_));
  fold_ =
      register_module("fold", std::make_shared<ParameterModule>(phrase_.fold->parameters(size_)));
  if (positions_) register_module("positions", positions_);
  if (!options.out) return;
  const int64_t inner = size_.heads * size_.head_width;
  out_ = register_module(
      "out", torch::nn::Linear(torch::nn::LinearOptions(inner, options.width).bias(options.bias)));
}

namespace {

// Adds the time from here to its end to the counts, where somebody asks for it.
class ChoiceTimer {
 public:
  ChoiceTimer(torch::Device device, bool chooses)
      : device_(device), timed_(chooses && edge_counts().timed), start_(timed_ ? now() : 0) {}
  ~ChoiceTimer() {
    if (timed_) edge_counts().seconds += now() - start_;
  }
  ChoiceTimer(const ChoiceTimer&) = delete;
  ChoiceTimer& operator=(const ChoiceTimer&) = delete;

 private:
  double now() const {
    ops::wait_for(device_);
    return seconds_now();
  }

  torch::Device device_;
  bool timed_;
  double start_;
};

}  // namespace

void SelfAttention::complete(Call& call) const {
  call.causal = options_.causal;
  call.dropout = is_training() ? options_.dropout : WeightDropout{};
}

MadeGraph SelfAttention::make_graph(const Call& call) {
  const auto facts = phrase_.graph->facts(call.causal);
  const auto* edges = facts.edges();
  MadeGraph made{facts};
  {
    const ChoiceTimer timer(call.x.device(), edges && edges->learned);
    made = graph_->forward(call);
  }
  for (const auto& [name, loss] : made.losses) add_loss(name, loss);
  if (edges && !is_training()) count_edges(call, made);
  return made;
}

// In evaluation: how many edges a query keeps, and how many of those that the batch brings.
void SelfAttention::count_edges(const Call& call, const MadeGraph& made) const {
  if (!made.edges.defined()) return;
  const torch::NoGradGuard guard;
  const graph::Extent extent{call.x.size(1), call.source().size(1)};
  const auto examples = static_cast<double>(call.x.size(0));
  const auto sets = static_cast<double>(made.edges.queries.size(0));
  auto& counts = edge_counts();
  auto exists = edge_exists(made.edges, extent.queries);
  double queries = examples * static_cast<double>(extent.queries);
  if (call.query_lengths.defined()) {
    exists = exists & (made.edges.queries < call.query_lengths.view({-1, 1, 1}));
    queries = call.query_lengths.sum().to(torch::kDouble).item<double>();
  }
  const auto spread = examples / static_cast<double>(exists.size(0)) /
                      static_cast<double>(made.edges.queries.size(1));
  counts.edges += spread * exists.sum().to(torch::kDouble).item<double>();
  counts.queries += queries;
  const bool planted = call.edges.defined() && !phrase_.graph->facts(call.causal).edges()->in_batch;
  if (!planted) return;
  const auto both = overlap(call.edges, made.edges, extent);
  const double share = sets == 1 && call.edges.queries.size(0) == 1 ? examples : 1;
  counts.found += share * both.shared;
  counts.planted += share * both.all;
}

Parts SelfAttention::parts() const {
  const bool out = !out_.is_empty();
  static const Tensor none;
  return {phrase_,
          size_,
          projection_->values(),
          fold_->values(),
          positions_.get(),
          out ? out_->weight : none,
          out ? out_->bias : none};
}

void SelfAttention::teach_graph(const MadeGraph& made, const Inputs& given) const {
  if (!made.learn || !is_training() || !collects_losses()) return;
  const ChoiceTimer timer(given.q.device(), true);
  made.learn([&] {
    const torch::NoGradGuard guard;
    auto x = given;
    x.dropout = {};
    const auto detached = [](const Tensor& t) { return t.defined() ? t.detach() : t; };
    x.q = detached(x.q);
    x.k = detached(x.k);
    return x.graph.edges() ? phrase_.fold->edge_weights(x) : phrase_.fold->weights(x).values;
  });
}

Inputs SelfAttention::project(const Call& call, const MadeGraph& made) const {
  const auto& p = projection_->values();
  Qkv qkv;
  if (call.memory.defined()) {
    const auto kv = phrase_.projection->key_value(p, size_, call.memory);
    qkv = {phrase_.projection->query(p, size_, call.x), kv.k, kv.v};
  } else {
    qkv = phrase_.projection->all(p, size_, call.x);
  }
  // Two sequences have no common axis for positions to act on.
  const auto* positions = call.memory.defined() ? nullptr : positions_.get();
  if (positions && positions->maps()) {
    if (qkv.q.defined()) qkv.q = positions->map(qkv.q, 0);
    if (qkv.k.defined()) qkv.k = positions->map(qkv.k, 0);
  }
  auto x = make_inputs(qkv.q, qkv.k, qkv.v, made.graph, "self-attention");
  x.edges = made.edges;
  if (!qkv.q.defined()) x.queries = call.x.size(1);
  complete_inputs(x, call, fold_->values(), positions);
  return x;
}

ops::Branch SelfAttention::branch(Call call) {
  complete(call);
  const auto made = make_graph(call);
  // A fusion knows neither edges nor graphs that learn from the weights, and ends with W_o.
  if (!made.edges.defined() && !made.learn && !out_.is_empty()) {
    auto problem = problem_of(call, made.graph, size_);
    problem.bias = positions_ && positions_->biases();
    problem.mapped = positions_ && positions_->maps();
    for (const auto& fusion : fusion_table()) {
      if (!fusion.entry->can(phrase_, size_, problem).ok) continue;
      ops::record_kernel("fusion:" + fusion.name);
      return fusion.entry->run(call, made.graph, parts());
    }
  }
  const auto x = project(call, made);
  teach_graph(made, x);
  const auto y = merge_heads(attend(*phrase_.fold, phrase_.fold_name, x));
  if (out_.is_empty()) return {y, {}};
  return ops::linear_branch(y, out_->weight, out_->bias);
}

WeightMap SelfAttention::weights(Call call) {
  complete(call);
  call.dropout = {};
  return phrase_.fold->weights(project(call, make_graph(call)));
}

std::unique_ptr<Decoder> SelfAttention::start() const {
  const auto read = [this](const std::vector<Tensor>& rows, int64_t first) {
    auto kv = phrase_.projection->read(projection_->values(), size_, rows);
    const bool map = positions_ && positions_->maps() && !phrase_.projection->keeps_keys();
    if (map && kv.k.defined()) kv.k = positions_->map(kv.k, first);
    return kv;
  };
  return phrase_.fold->decoder(phrase_.graph->facts(true), read);
}

Tensor SelfAttention::extend(const Tensor& x, Decoder& decoder, int64_t position) {
  auto [q, rows] = phrase_.projection->extend(projection_->values(), size_, x);
  if (positions_ && positions_->maps()) {
    if (q.defined()) q = positions_->map(q, position);
    auto& k = rows.front();
    if (k.defined() && phrase_.projection->keeps_keys()) k = positions_->map(k, position);
  }
  Tensor bias;
  if (positions_ && positions_->biases()) {
    bias = positions_->bias(x.size(1), position + x.size(1), x.options());
  }
  const auto y = merge_heads(decoder.extend(q, rows, bias));
  return out_.is_empty() ? y : out_->forward(y);
}

void ReadMemory::select(const Tensor& sources) {
  for (auto* tensor : {&rows.k, &rows.v, &lengths}) {
    if (tensor->defined()) *tensor = tensor->index_select(0, sources);
  }
}

ReadMemory SelfAttention::read(const Tensor& memory, const Tensor& lengths) const {
  return {phrase_.projection->key_value(projection_->values(), size_, memory), lengths};
}

// Queries of one source do not meet each other, so all its texts are queries of one call.
Tensor SelfAttention::ask(const Tensor& x, const ReadMemory& memory) {
  const auto sources = memory.rows.v.size(0);
  const auto asked = x.reshape({sources, -1, x.size(2)});  // (B, n T, H)
  const auto q = phrase_.fold->uses().q
                     ? phrase_.projection->query(projection_->values(), size_, asked)
                     : Tensor();
  const auto graph = phrase_.graph->facts(false).across();
  auto inputs = make_inputs(q, memory.rows.k, memory.rows.v, graph, "cross attention");
  inputs.queries = asked.size(1);
  inputs.heads = size_.heads;
  inputs.key_lengths = memory.lengths;
  inputs.parameters = fold_->values();
  const auto y = merge_heads(attend(*phrase_.fold, phrase_.fold_name, inputs));
  return (out_.is_empty() ? y : out_->forward(y)).reshape({x.size(0), x.size(1), -1});
}

void SelfAttention::start_values(uint64_t seed) {
  projection_->start_constants();
  fold_->start_constants();
  graph_->start(seed);
}

}  // namespace regard::attention
