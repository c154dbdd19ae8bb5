#include "regard/docgraph/models/foreign.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "regard/docgraph/streams.hpp"

namespace regard::docgraph {

Disturbed with_foreign(const Corpus& corpus, const std::vector<int64_t>& rows, double share,
                       uint64_t seed) {
  Disturbed made;
  made.corpus.classes = corpus.classes;
  for (const auto row : rows) {
    auto document = corpus.documents[static_cast<std::size_t>(row)];
    Random random(seed, kForeignStream, static_cast<uint64_t>(row));
    const auto n = document.sentences.size();
    std::vector<bool> foreign(n, false);
    const auto count = std::lround(share * static_cast<double>(n));
    for (int64_t i = 0; i < count && rows.size() > 1; ++i) {
      auto other = rows[random.below(rows.size())];
      while (other == row) other = rows[random.below(rows.size())];
      const auto& from = corpus.documents[static_cast<std::size_t>(other)].sentences;
      const auto place = static_cast<std::ptrdiff_t>(random.below(document.sentences.size() + 1));
      document.sentences.insert(document.sentences.begin() + place,
                                from[random.below(from.size())]);
      foreign.insert(foreign.begin() + place, true);
      for (auto& [a, b] : document.planted) {
        if (a >= place) ++a;
        if (b >= place) ++b;
      }
    }
    made.corpus.documents.push_back(std::move(document));
    made.corpus.groups.push_back(static_cast<int64_t>(made.foreign.size()));
    made.foreign.push_back(std::move(foreign));
  }
  return made;
}

namespace {

/// The share of the strongest links at `node` that lead to `other`.
double strongest_leads(const SentenceGraph& graph, int64_t node, int64_t other) {
  double best = -1, count = 0, hit = 0;
  for (const auto& link : graph.links) {
    if (link.a != node && link.b != node) continue;
    if (link.weight > best) {
      best = link.weight;
      count = hit = 0;
    }
    if (link.weight < best) continue;
    count += 1;
    hit += (link.a == other || link.b == other) ? 1 : 0;
  }
  return count > 0 ? hit / count : 0;
}

}  // namespace

double planted_recall(const Corpus& corpus, const std::vector<SentenceGraph>& graphs,
                      const std::vector<int64_t>& rows) {
  double sum = 0, pairs = 0;
  for (const auto row : rows) {
    const auto& graph = graphs[static_cast<std::size_t>(row)];
    std::map<int64_t, int64_t> node;
    for (int64_t i = 0; i < graph.size(); ++i) node[graph.nodes[static_cast<std::size_t>(i)]] = i;
    for (const auto& [a, b] : corpus.documents[static_cast<std::size_t>(row)].planted) {
      sum += std::max(strongest_leads(graph, node[a], node[b]),
                      strongest_leads(graph, node[b], node[a]));
      pairs += 1;
    }
  }
  return pairs > 0 ? sum / pairs : -1;
}

double clean_share(const std::vector<SentenceGraph>& graphs,
                   const std::vector<std::vector<bool>>& foreign) {
  double clean = 0, all = 0;
  for (std::size_t d = 0; d < graphs.size(); ++d) {
    const auto is_foreign = [&](int64_t node) {
      return foreign[d][static_cast<std::size_t>(graphs[d].nodes[static_cast<std::size_t>(node)])];
    };
    for (const auto& link : graphs[d].links) {
      all += 1;
      clean += is_foreign(link.a) || is_foreign(link.b) ? 0 : 1;
    }
  }
  return all > 0 ? clean / all : 1;
}

}  // namespace regard::docgraph
