// Every position meets every position.
#pragma once

#include <memory>

#include "regard/attention/graph_kind.hpp"

namespace regard::attention::graphs {

class Full final : public Graph {
 public:
  std::string summary() const override { return "every position meets every position"; }
  std::string equation() const override { return "E = {(i, j)}"; }
  graph::Graph facts(bool causal) const override { return {graph::Band{}, causal}; }
};

std::unique_ptr<Graph> make_full();

}  // namespace regard::attention::graphs
