#include "regard/docgraph/models/reasons.hpp"

#include <ATen/ops/log_softmax.h>

#include <algorithm>
#include <cmath>

namespace regard::docgraph {
using torch::Tensor;
namespace {

/// log p_c - log sum of the others, of logits (rows, classes): (rows).
std::vector<double> log_odds(const Tensor& logits, int64_t label) {
  const auto wide = logits.to(torch::kDouble);
  const int64_t classes = wide.size(1);
  std::vector<int64_t> rest;
  for (int64_t c = 0; c < classes; ++c) {
    if (c != label) rest.push_back(c);
  }
  const auto others = wide.index_select(1, at::tensor(rest, torch::kLong)).logsumexp(1);
  const auto odds = (wide.select(1, label) - others).contiguous();
  return {odds.data_ptr<double>(), odds.data_ptr<double>() + odds.size(0)};
}

/// Graphs that have lost a part, in chunks so that few are alive at once.
template <class Make>
std::vector<double> odds_without(const TrainedGraphs& model, const Vectors& vectors,
                                 int64_t document, int64_t label, int64_t count, Make make) {
  constexpr int64_t kAtOnce = 64;
  std::vector<double> odds;
  for (int64_t first = 0; first < count; first += kAtOnce) {
    std::vector<SentenceGraph> graphs;
    for (int64_t i = first; i < std::min(count, first + kAtOnce); ++i) graphs.push_back(make(i));
    std::vector<Item> items;
    for (const auto& graph : graphs) items.push_back({document, &graph, 0});
    const auto some = log_odds(logits_of(model.graph_net->trainee(), vectors, items), label);
    odds.insert(odds.end(), some.begin(), some.end());
  }
  return odds;
}

void add_sentences(const TrainedGraphs& model, const Vectors& vectors, int64_t document,
                   const SentenceGraph& graph, double whole, Reason& reason) {
  if (graph.size() < 2) {
    reason.sentences.push_back({graph.nodes[0], 0});
    return;
  }
  const auto odds = odds_without(model, vectors, document, reason.label, graph.size(),
                                 [&](int64_t i) { return without_node(graph, i); });
  for (std::size_t i = 0; i < odds.size(); ++i)
    reason.sentences.push_back({graph.nodes[i], whole - odds[i]});
  std::sort(reason.sentences.begin(), reason.sentences.end(),
            [](const auto& a, const auto& b) { return a.sentence < b.sentence; });
}

void add_links(const TrainedGraphs& model, const Vectors& vectors, int64_t document,
               const SentenceGraph& graph, double whole, Reason& reason) {
  auto links = graph.links;
  std::stable_sort(links.begin(), links.end(),
                   [](const Link& a, const Link& b) { return a.weight > b.weight; });
  reason.cut = static_cast<int64_t>(links.size()) > kMostLinks;
  links.resize(std::min(links.size(), static_cast<std::size_t>(kMostLinks)));
  const auto odds = odds_without(
      model, vectors, document, reason.label, static_cast<int64_t>(links.size()),
      [&](int64_t i) { return without_link(graph, links[static_cast<std::size_t>(i)]); });
  const auto sentence = [&](int64_t node) { return graph.nodes[static_cast<std::size_t>(node)]; };
  for (std::size_t i = 0; i < odds.size(); ++i) {
    const auto [a, b] = std::minmax({sentence(links[i].a), sentence(links[i].b)});
    reason.links.push_back({a, b, links[i].weight, whole - odds[i]});
  }
  std::stable_sort(reason.links.begin(), reason.links.end(), [](const auto& a, const auto& b) {
    return std::abs(a.effect) > std::abs(b.effect);
  });
  for (const auto& link : graph.links) {
    const auto [a, b] = std::minmax({sentence(link.a), sentence(link.b)});
    reason.kept.push_back({a, b, link.weight});
  }
}

}  // namespace

Reason reason_of(const TrainedGraphs& model, const Vectors& vectors, int64_t document,
                 const SentenceGraph& graph) {
  Reason reason;
  const auto logits = logits_of(model.graph_net->trainee(), vectors, {{document, &graph, 0}});
  const auto p = at::softmax(logits.to(torch::kDouble), 1).contiguous();
  reason.probabilities.assign(p.data_ptr<double>(), p.data_ptr<double>() + p.size(1));
  reason.label = logits.argmax(1).item<int64_t>();
  reason.edges = graph.count;
  const double whole = log_odds(logits, reason.label)[0];
  add_sentences(model, vectors, document, graph, whole, reason);
  add_links(model, vectors, document, graph, whole, reason);
  return reason;
}

}  // namespace regard::docgraph
