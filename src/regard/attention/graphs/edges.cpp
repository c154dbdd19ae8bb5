#include "regard/attention/graphs/edges.hpp"

#include "regard/base/error.hpp"

namespace regard::attention::graphs {

namespace {

class GivenEdges final : public GraphModule {
 public:
  explicit GivenEdges(const graph::Graph& facts) : facts_(facts) {}
  MadeGraph forward(const Call& call) override {
    MadeGraph made;
    made.graph = call.aligned(call.causal ? facts_.causally() : facts_);
    if (call.memory.defined()) return made;  // refused with the graph's own sentence
    if (!call.edges.defined()) {
      throw InputError("edges: edges in the batch were expected, and this data has none");
    }
    const int64_t positions = call.x.size(1);
    made.edges = call.causal ? call.edges.causally({positions, positions}) : call.edges;
    return made;
  }

 private:
  graph::Graph facts_;
};

}  // namespace

graph::Graph Edges::facts(bool causal) const {
  return {graph::Edges{.per_query = 0, .self = true, .learned = false, .in_batch = true}, causal};
}

std::shared_ptr<GraphModule> Edges::build(const Size&) const {
  return std::make_shared<GivenEdges>(facts(false));
}

std::unique_ptr<Graph> make_edges() { return std::make_unique<Edges>(); }

}  // namespace regard::attention::graphs
