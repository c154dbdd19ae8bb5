#include "regard/docgraph/sentence_graph.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/docgraph/streams.hpp"

namespace regard::docgraph {
namespace {

using graph::Edge;

double log_weight(double weight) {
  return std::log(std::max(weight, double{std::numeric_limits<float>::min()}));
}

std::vector<int64_t> identity(int64_t n) {
  std::vector<int64_t> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), int64_t{0});
  return all;
}

/// Edges in both directions from links, each node with itself.
SentenceGraph from_links(std::vector<Link> links, int64_t n) {
  SentenceGraph made;
  made.nodes = identity(n);
  std::vector<Edge> edges;
  for (const auto& link : links) {
    edges.push_back({link.a, link.b, 0});
    edges.push_back({link.b, link.a, 0});
  }
  made.edges = graph::build_edges(edges, {n, n}, graph::SelfLoops::kAdd);
  made.count = made.edges.size() - n;
  made.links = std::move(links);
  return made;
}

/// Links with the larger weight of both directions, sorted.
std::vector<Link> links_of(std::span<const graph::WeightedPair> kept) {
  std::map<std::pair<int64_t, int64_t>, double> weights;
  for (const auto& pair : kept) {
    if (pair.query == pair.key) continue;
    auto& weight = weights[std::minmax(pair.query, pair.key)];
    weight = std::max(weight, pair.weight);
  }
  std::vector<Link> links;
  for (const auto& [pair, weight] : weights) links.push_back({pair.first, pair.second, weight});
  return links;
}

SentenceGraph weighted_graph(const GraphSource& source) {
  auto links = links_of(source.kept);
  SentenceGraph made;
  const auto n = source.sentences;
  made.nodes = identity(n);
  std::vector<Edge> edges;
  for (const auto& link : links) {
    edges.push_back({link.a, link.b, log_weight(link.weight)});
    edges.push_back({link.b, link.a, log_weight(link.weight)});
  }
  for (int64_t i = 0; i < n; ++i)
    edges.push_back({i, i, log_weight(source.own[static_cast<std::size_t>(i)])});
  made.edges = graph::build_edges(edges, {n, n}, graph::SelfLoops::kAsGiven);
  made.count = 2 * static_cast<int64_t>(links.size());
  made.links = std::move(links);
  return made;
}

SentenceGraph papers_graph(const GraphSource& source) {
  const auto paper = graph::paper_graph(source.kept, source.ids);
  SentenceGraph made;
  made.nodes = paper.first;
  std::vector<Edge> edges;
  for (const auto& edge : paper.edges) {
    edges.push_back({edge.query, edge.key, std::log(static_cast<double>(edge.copies))});
    if (edge.query < edge.key) made.links.push_back({edge.query, edge.key, edge.weight});
  }
  const auto n = made.size();
  made.edges = graph::build_edges(edges, {n, n}, graph::SelfLoops::kAdd);
  made.count = paper.count();
  return made;
}

SentenceGraph bound_graph(const GraphSpec& spec, const GraphSource& source) {
  return spec.paper() ? papers_graph(source) : weighted_graph(source);
}

template <class T>
void shuffle(std::vector<T>& items, Random& random) {
  for (std::size_t i = items.size(); i > 1; --i)
    std::swap(items[i - 1], items[static_cast<std::size_t>(random.below(i))]);
}

/// The same graph with its nodes at other sentences; gates go with their edges.
SentenceGraph shuffled_graph(const GraphSpec& spec, const GraphSource& source) {
  auto made = bound_graph(spec, source);
  Random random(source.seed, kGraphStream, 1);
  shuffle(made.nodes, random);
  return made;
}

/// As many links as the learned graph has, drawn without replacement; every gate is 0.
SentenceGraph random_graph(const GraphSpec& spec, const GraphSource& source) {
  const auto learned = bound_graph(spec, source);
  const auto n = learned.size();
  std::vector<Link> all;
  for (int64_t a = 0; a < n; ++a) {
    for (int64_t b = a + 1; b < n; ++b) all.push_back({a, b, 0});
  }
  Random random(source.seed, kGraphStream, 2);
  shuffle(all, random);
  all.resize(std::min(all.size(), learned.links.size()));
  std::sort(all.begin(), all.end(),
            [](const Link& x, const Link& y) { return std::pair(x.a, x.b) < std::pair(y.a, y.b); });
  auto made = from_links(std::move(all), n);
  made.nodes = learned.nodes;
  return made;
}

SentenceGraph window_graph(int64_t n, int64_t width) {
  std::vector<Link> links;
  for (int64_t a = 0; a < n; ++a) {
    for (int64_t b = a + 1; b < std::min(n, a + width); ++b) links.push_back({a, b, 0});
  }
  return from_links(std::move(links), n);
}

SentenceGraph nearest_graph(const GraphSource& source, int64_t degree) {
  const auto n = source.sentences;
  const auto width = n > 0 ? source.vectors.size() / static_cast<std::size_t>(n) : 0;
  const auto row = [&](int64_t i) {
    return source.vectors.subspan(static_cast<std::size_t>(i) * width, width);
  };
  std::vector<double> norms;
  for (int64_t i = 0; i < n; ++i) {
    double square = 0;
    for (const float v : row(i)) square += double{v} * v;
    norms.push_back(std::sqrt(square));
  }
  std::vector<graph::WeightedPair> kept;
  for (int64_t i = 0; i < n; ++i) {
    std::vector<std::pair<double, int64_t>> others;
    for (int64_t j = 0; j < n; ++j) {
      if (i == j) continue;
      double dot = 0;
      for (std::size_t c = 0; c < width; ++c) dot += double{row(i)[c]} * row(j)[c];
      const double both = norms[static_cast<std::size_t>(i)] * norms[static_cast<std::size_t>(j)];
      others.emplace_back(both > 0 ? -dot / both : 0, j);
    }
    std::sort(others.begin(), others.end());
    others.resize(std::min(others.size(), static_cast<std::size_t>(degree)));
    for (const auto& [cosine, j] : others) kept.push_back({i, j, 0});
  }
  return from_links(links_of(kept), n);
}

SentenceGraph planted_graph(const GraphSource& source) {
  std::vector<graph::WeightedPair> kept;
  for (const auto& [a, b] : source.planted) kept.push_back({a, b, 0});
  return from_links(links_of(kept), source.sentences);
}

void visit_options(GraphSpec& spec, Visitor& f) {
  if (spec.learned()) {
    f("rule", spec.rule, "", {"max", "mean"});
    f("delta", spec.delta, "");
    f("degree", spec.degree, "");
    f("mode", spec.mode, "", {"weighted", "paper"});
  } else if (spec.kind == "window") {
    f("width", spec.width, "");
  } else if (spec.kind == "knn") {
    f("degree", spec.degree, "");
  }
}

void check(const GraphSpec& spec, const std::vector<std::pair<std::string, Value>>& given) {
  const auto has = [&](const char* key) {
    return std::any_of(given.begin(), given.end(),
                       [&](const auto& option) { return option.first == key; });
  };
  const auto refuse = [&](const std::string& sentence) {
    throw InputError("graph \"" + spec.name + "\": " + sentence);
  };
  if (has("degree") && spec.degree < 1)
    refuse("degree of at least 1 was expected, and " + std::to_string(spec.degree) + " came");
  if (spec.learned() && has("degree") && (has("delta") || has("rule")))
    refuse("degree, or rule and delta, was expected, and both came");
  if (has("delta") && !(spec.delta >= 0))
    refuse("delta of at least 0 was expected, and " + shortest(spec.delta) + " came");
  if (spec.width < 1)
    refuse("width of at least 1 was expected, and " + std::to_string(spec.width) + " came");
}

}  // namespace

graph::BoundRule GraphSpec::bound_rule() const {
  using Kind = graph::BoundRule::Kind;
  if (degree > 0) return {Kind::kDegree, 0, degree};
  return {rule == "mean" ? Kind::kMean : Kind::kMax, delta < 0 ? 0.5 : delta, 0};
}

const std::vector<std::string>& graph_names() {
  static const std::vector<std::string> names = {"bound", "shuffled", "random", "window",
                                                 "knn",   "full",     "planted"};
  return names;
}

GraphSpec parse_graph(const std::string& text) {
  GraphSpec spec;
  spec.name = trim(text);
  const auto open = spec.name.find('(');
  spec.kind = trim(spec.name.substr(0, open));
  const auto& known = graph_names();
  if (std::find(known.begin(), known.end(), spec.kind) == known.end())
    throw InputError("graph \"" + spec.name + "\": unknown name \"" + spec.kind + "\"" +
                     suggestion(spec.kind, known));
  if (spec.kind == "knn") spec.degree = 4;
  std::vector<std::pair<std::string, Value>> given;
  if (open != std::string::npos) {
    if (!spec.name.ends_with(')'))
      throw InputError("graph \"" + spec.name + "\": a closing bracket was expected");
    const auto inner = spec.name.substr(open + 1, spec.name.size() - open - 2);
    for (const auto& part : split_outside_brackets(inner, ',')) {
      const auto equals = part.find('=');
      if (equals == std::string::npos)
        throw InputError("graph \"" + spec.name + "\": option=value was expected, and \"" +
                         trim(part) + "\" came");
      given.emplace_back(trim(part.substr(0, equals)), parse_value(part.substr(equals + 1)));
    }
  }
  assign([&](Visitor& f) { visit_options(spec, f); }, given, "graph \"" + spec.name + "\"");
  check(spec, given);
  return spec;
}

SentenceGraph make_graph(const GraphSpec& spec, const GraphSource& source) {
  if (spec.kind == "bound") return bound_graph(spec, source);
  if (spec.kind == "shuffled") return shuffled_graph(spec, source);
  if (spec.kind == "random") return random_graph(spec, source);
  if (spec.kind == "window") return window_graph(source.sentences, spec.width);
  if (spec.kind == "knn") return nearest_graph(source, spec.degree);
  if (spec.kind == "planted") return planted_graph(source);
  SentenceGraph full;  // all pairs: the network takes them without a list
  full.nodes = identity(source.sentences);
  full.edges.offsets = {0};
  full.count = source.sentences * (source.sentences - 1);
  return full;
}

namespace {

/// `graph` with the edges that `keep` wants, and its nodes numbered anew by `number` (-1: left
/// out).
template <class Keep>
SentenceGraph filtered(const SentenceGraph& graph, const std::vector<int64_t>& number, Keep keep) {
  SentenceGraph made;
  for (std::size_t i = 0; i < number.size(); ++i) {
    if (number[i] >= 0) made.nodes.push_back(graph.nodes[i]);
  }
  const auto at = [&](int64_t i) { return number[static_cast<std::size_t>(i)]; };
  std::vector<Edge> edges;
  const auto queries = graph.edges.edge_queries();
  for (std::size_t e = 0; e < queries.size(); ++e) {
    const auto i = queries[e], j = graph.edges.keys[e];
    if (at(i) < 0 || at(j) < 0 || !keep(i, j)) continue;
    edges.push_back({at(i), at(j), graph.edges.log_gates.empty() ? 0 : graph.edges.log_gates[e]});
  }
  const auto n = made.size();
  made.edges = graph::build_edges(edges, {n, n}, graph::SelfLoops::kAsGiven);
  for (const auto& link : graph.links) {
    if (at(link.a) >= 0 && at(link.b) >= 0 && keep(link.a, link.b))
      made.links.push_back({at(link.a), at(link.b), link.weight});
  }
  made.count = 2 * static_cast<int64_t>(made.links.size());
  return made;
}

}  // namespace

SentenceGraph without_node(const SentenceGraph& graph, int64_t node) {
  auto number = identity(graph.size());
  for (auto& n : number) n = n == node ? -1 : n > node ? n - 1 : n;
  return filtered(graph, number, [](int64_t, int64_t) { return true; });
}

SentenceGraph without_link(const SentenceGraph& graph, const Link& link) {
  return filtered(graph, identity(graph.size()), [&](int64_t i, int64_t j) {
    return !(i == link.a && j == link.b) && !(i == link.b && j == link.a);
  });
}

}  // namespace regard::docgraph
