// The second axis: an entry says what is known of its graph without data, and builds the module that
// makes the graph of a call.
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "regard/attention/call.hpp"
#include "regard/base/spec.hpp"
#include "regard/graph/graph.hpp"

namespace regard::attention {

/// The graph of one call, and what a learning graph adds to the loss: named scalars, means over the
/// valid examples of the batch.
struct MadeGraph {
  graph::Graph graph;
  std::vector<std::pair<std::string, torch::Tensor>> losses = {};
};

class GraphModule : public torch::nn::Module {
 public:
  virtual MadeGraph forward(const Call& call) = 0;
  /// The start values of its parameters, after the model's rule has filled them; keyed by the seed.
  virtual void start(uint64_t /*seed*/) {}
};

class Graph {
 public:
  virtual ~Graph() = default;
  virtual std::string summary() const = 0;
  virtual std::string equation() const = 0;
  virtual void visit(Visitor&) {}
  virtual void check() {}

  /// What is known without data: the kind with its limits; a causal call intersects it with j <= i.
  /// Phrases, kernels, costs and refusals read this.
  virtual graph::Graph facts(bool causal) const = 0;
  /// The module of an attention of this size. By default without parameters: its graph is `facts`.
  virtual std::shared_ptr<GraphModule> build(const Size& size) const;
};

}  // namespace regard::attention
