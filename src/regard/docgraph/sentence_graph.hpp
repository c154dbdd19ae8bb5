// A graph over the sentences of one document, on the host: what a graph network is given, and the
// links that people look at.
//
//   bound(...)      cut from the weights of the learned attention (graph/bound.hpp)
//   shuffled(...)   the same with its sentences permuted: the degrees without the places
//   random(...)     as many links by chance
//   window(width)   sentences less than `width` apart; width 2 is their order
//   knn(degree)     each sentence and the `degree` most alike by the cosine of their vectors
//   full            all pairs
//   planted         the pairs of made documents
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/graph/bound.hpp"
#include "regard/graph/edge_list.hpp"

namespace regard::docgraph {

/// Two sentences, a < b.
struct Link {
  int64_t a = 0, b = 0;
  double weight = 0;  // of the attention, or 0
};

struct SentenceGraph {
  std::vector<int64_t> nodes;  // of each node, its sentence; like sentences may be one node
  graph::EdgeList edges;       // of nodes, each with itself; log gates where weights count
  std::vector<Link> links;     // of nodes: the edges without direction
  int64_t count = 0;           // edges as the rule counts them, without a node and itself
  int64_t size() const { return static_cast<int64_t>(nodes.size()); }
};

/// What a document is made from: its number of sentences, the kept pairs of the attention with the
/// weight of each sentence on itself, an id for each different sentence, vectors for knn, planted
/// pairs.
struct GraphSource {
  int64_t sentences = 0;
  std::vector<graph::WeightedPair> kept = {};
  std::vector<double> own = {};
  std::vector<int64_t> ids = {};
  std::span<const float> vectors = {};
  std::vector<std::pair<int64_t, int64_t>> planted = {};
  uint64_t seed = 0;  // of the document and the run, for chance
};

struct GraphSpec {
  std::string name = "bound";  // with its options: "bound(rule=mean)"
  std::string kind = "bound";
  std::string rule = "max", mode = "weighted";
  double delta = -1;  // 0.5
  int64_t degree = 0, width = 2;

  bool learned() const { return kind == "bound" || kind == "shuffled" || kind == "random"; }
  bool paper() const { return mode == "paper"; }
  graph::BoundRule bound_rule() const;
};

/// "bound(rule=mean,delta=1)"; InputError with the nearest name, and for options that do not go
/// together.
GraphSpec parse_graph(const std::string& text);
/// The names of parse_graph.
const std::vector<std::string>& graph_names();

SentenceGraph make_graph(const GraphSpec& spec, const GraphSource& source);

/// The graph without one node, or without a link in both directions.
SentenceGraph without_node(const SentenceGraph& graph, int64_t node);
SentenceGraph without_link(const SentenceGraph& graph, const Link& link);

}  // namespace regard::docgraph
