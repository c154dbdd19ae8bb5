// A position meets itself and what came before. In a language model this is what `full` becomes.
#pragma once

#include <memory>

#include "regard/attention/graph_kind.hpp"

namespace regard::attention::graphs {

class Causal final : public Graph {
 public:
  std::string summary() const override { return "a position meets itself and what came before"; }
  std::string equation() const override { return "E = {(i, j): j <= i}"; }
  graph::Graph facts(bool) const override { return graph::causal(); }
};

std::unique_ptr<Graph> make_causal();

}  // namespace regard::attention::graphs
