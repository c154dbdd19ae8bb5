#include "regard/docgraph/models/attention_net.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "regard/base/error.hpp"
#include "regard/docgraph/words.hpp"
#include "regard/nn/layers.hpp"
#include "regard/ops/block/mean_rows.hpp"

namespace regard::docgraph {
using torch::Tensor;

void AttentionNetSpec::visit(Visitor& f) {
  f("heads", heads, "attention heads; they divide the width of the vectors");
  f("hidden", hidden, "width of the head's hidden layer");
  f("activation", activation, "from scores to weights", {"softmax", "sigmoid"});
  f("attention_dropout", attention_dropout, "rate on the attention weights");
  f("dropout", dropout, "rate before the mean over sentences");
  fit.visit(f);
}

void AttentionNetSpec::check(int64_t width) const {
  if (heads < 1 || width % heads != 0)
    throw InputError("[attention] heads: a divisor of the width " + std::to_string(width) +
                     " of the vectors was expected, and " + std::to_string(heads) + " came");
  if (hidden < 1) throw InputError("[attention] hidden: at least 1 was expected");
  for (const double rate : {attention_dropout, dropout}) {
    if (!(rate >= 0 && rate < 1))
      throw InputError("[attention] dropout: rates in [0, 1) were expected");
  }
  fit.check("attention");
}

namespace {
constexpr int64_t kAttentionSite = 1, kSentenceSite = 2;

void fill_uniform(const Tensor& parameter, double bound, at::Generator& random) {
  const torch::NoGradGuard guard;
  Tensor(parameter).uniform_(-bound, bound, random);
}
}  // namespace

AttentionNet::AttentionNet(const AttentionNetSpec& spec, int64_t width, int64_t classes,
                           uint64_t seed)
    : spec_(spec) {
  attention::SelfAttentionOptions options;
  options.width = width;
  options.heads = spec.heads;
  options.dropout = {spec.attention_dropout, kAttentionSite};
  attention_ = register_module("attention", std::make_shared<attention::SelfAttention>(
                                                attention::parse_phrase(spec.activation), options));
  hidden_ = register_module("hidden", torch::nn::Linear(width, spec.hidden));
  out_ = register_module("out", torch::nn::Linear(spec.hidden, classes));
  auto random = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (const auto& item : attention_->named_parameters()) {
    const auto& p = item.value();
    // Xavier-uniform matrices, zero biases.
    const double sum = p.dim() < 2 ? 0 : static_cast<double>(p.size(0) + p.size(1));
    fill_uniform(p, sum > 0 ? std::sqrt(6 / sum) : 0, random);
  }
  for (auto* layer : {&hidden_, &out_}) {
    const double bound = 1 / std::sqrt(static_cast<double>((*layer)->weight.size(1)));
    fill_uniform((*layer)->weight, bound, random);
    fill_uniform((*layer)->bias, bound, random);
  }
}

Tensor AttentionNet::forward(const Tensor& x, const Tensor& lengths) {
  auto y = attention_->forward(x, lengths);
  y = nn::dropout(y, spec_.dropout, kSentenceSite, is_training());
  return out_->forward(hidden_->forward(ops::mean_rows(y, lengths)).relu());
}

attention::BoundPairs AttentionNet::pairs(const Tensor& x, const Tensor& lengths,
                                          const graph::BoundRule& rule) {
  const torch::NoGradGuard guard;
  const auto& projection = *attention_->phrase().projection;
  attention::Parameters parameters;
  for (const auto& item : attention_->named_parameters()) {
    if (item.key().starts_with("projection.")) parameters.push_back(item.value());
  }
  const auto q = projection.query(parameters, attention_->size(), x);
  const auto k = projection.key_value(parameters, attention_->size(), x).k;
  attention::BoundOptions options;
  options.rule = rule;
  options.weights = spec_.activation == "sigmoid" ? attention::PairWeights::kSigmoid
                                                  : attention::PairWeights::kSoftmax;
  return attention::bound_pairs(q, k, lengths, options);
}

Trainee AttentionNet::trainee() {
  return {this, [this](const nn::Batch& batch) { return forward(batch.inputs, batch.lengths); }};
}

namespace {

/// Row b of pairs that were computed for several documents.
void take_pairs(const attention::BoundPairs& pairs, int64_t b, GraphSource& source) {
  const auto i = pairs.queries[b][0], j = pairs.keys[b][0];
  const auto w = pairs.weights[b][0].to(torch::kDouble).contiguous();
  const auto n = source.sentences;
  for (int64_t e = 0; e < i.size(0) && i.data_ptr<int64_t>()[e] < n; ++e)
    source.kept.push_back(
        {i.data_ptr<int64_t>()[e], j.data_ptr<int64_t>()[e], w.data_ptr<double>()[e]});
  const auto own = pairs.own[b].to(torch::kDouble).contiguous();
  source.own.assign(own.data_ptr<double>(), own.data_ptr<double>() + n);
}

GraphSource plain_source(const Corpus& corpus, const Vectors& vectors, int64_t document,
                         uint64_t seed) {
  const auto& made = corpus.documents[static_cast<std::size_t>(document)];
  GraphSource source;
  source.sentences = vectors.sentences(document);
  source.ids = sentence_ids(made);
  source.vectors = vectors.values(document);
  source.planted = made.planted;
  source.seed = seed * 0x9E3779B97F4A7C15u + static_cast<uint64_t>(document);
  return source;
}

/// Places of `sources` in groups of like length, so that a group's pairs are few.
std::vector<std::vector<std::size_t>> groups_of(const std::vector<GraphSource>& sources) {
  constexpr int64_t kPairs = 1 << 18;
  std::vector<std::size_t> order(sources.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sources[a].sentences < sources[b].sentences;
  });
  std::vector<std::vector<std::size_t>> groups(1);
  for (const auto place : order) {
    const auto n = sources[place].sentences;
    const auto count = static_cast<int64_t>(groups.back().size()) + 1;
    if (count > 1 && count * n * n > kPairs) groups.emplace_back();
    groups.back().push_back(place);
  }
  return groups;
}

}  // namespace

std::vector<GraphSource> graph_sources(const Corpus& corpus, const Vectors& vectors,
                                       const std::vector<int64_t>& documents, AttentionNet* net,
                                       const graph::BoundRule& rule, uint64_t seed) {
  std::vector<GraphSource> sources;
  for (const auto document : documents)
    sources.push_back(plain_source(corpus, vectors, document, seed));
  if (net == nullptr || sources.empty()) return sources;
  for (const auto& group : groups_of(sources)) {
    std::vector<Item> items;
    for (const auto place : group) items.push_back({documents[place], nullptr, 0});
    const auto batch = make_batch(vectors, items);
    const auto pairs = net->pairs(batch.inputs, batch.lengths, rule);
    for (std::size_t b = 0; b < group.size(); ++b)
      take_pairs(pairs, static_cast<int64_t>(b), sources[group[b]]);
  }
  return sources;
}

std::vector<SentenceGraph> graphs_of(const GraphSpec& spec, const Corpus& corpus,
                                     const Vectors& vectors, AttentionNet* net, uint64_t seed) {
  std::vector<int64_t> all(corpus.documents.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  std::vector<SentenceGraph> graphs;
  auto* used = spec.learned() ? net : nullptr;
  for (const auto& source : graph_sources(corpus, vectors, all, used, spec.bound_rule(), seed))
    graphs.push_back(make_graph(spec, source));
  return graphs;
}

}  // namespace regard::docgraph
