// E = the edges that the batch brings: those of a given graph, or planted ones, with each token
// itself as the data says.
#pragma once

#include "regard/attention/graph_kind.hpp"

namespace regard::attention::graphs {

class Edges final : public Graph {
 public:
  std::string summary() const override {
    return "the edges of the data: a graph that is given, or planted edges";
  }
  std::string equation() const override { return "E = the edges of the batch"; }
  graph::Graph facts(bool causal) const override;
  std::shared_ptr<GraphModule> build(const Size& size) const override;
};

std::unique_ptr<Graph> make_edges();

}  // namespace regard::attention::graphs
