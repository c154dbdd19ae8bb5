// E = each token and alpha others that chance draws: a control for edges that are learned or given.
//
// The others of query i, n of them, are turned by a random number of places and cut into alpha
// ranges of like
// size, of which each gives one key: all differ, and every other key is as likely. Random numbers
// are keyed by
// the seed and i, so that the keys are the same in each step, layer and head. Padding is never
// drawn.
#pragma once

#include "regard/attention/graph_kind.hpp"

namespace regard::attention::graphs {

class RandomEdges final : public Graph {
 public:
  int64_t alpha = 16;

  std::string summary() const override {
    return "each token and alpha others drawn by chance (control)";
  }
  std::string equation() const override { return "E = {(i, i)} + alpha keys a query, by chance"; }
  void visit(Visitor& f) override {
    f("alpha", alpha, "keys a query beside itself; as many as there are, or more: all");
  }
  void check() override;
  graph::Graph facts(bool causal) const override;
  std::shared_ptr<GraphModule> build(const Size& size) const override;
};

std::unique_ptr<Graph> make_random();

}  // namespace regard::attention::graphs
