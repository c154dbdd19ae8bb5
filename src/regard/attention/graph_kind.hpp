// The second axis: an entry says what is known of its graph without data, and builds the module that
// makes the graph of a call.
#pragma once

#include <torch/nn/module.h>

#include <functional>
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
  EdgeTensors edges = {};  // of a graph of edges
  /// Where set, called in training with what gives the weights of the attention, without gradient:
  /// (B, h, C) on the
  /// edges, or (B, h, T_q, T_k) on another graph. It adds losses of its own.
  std::function<void(const std::function<torch::Tensor()>& weights)> learn = {};
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
  /// A sentence when the graph has no meaning in a causal model, or in one that is none; else "".
  virtual std::string refusal(bool /*causal*/) const { return ""; }
  /// Whether it learns from pairwise scores, which its fold then needs.
  virtual bool needs_scores() const { return false; }
  /// Floating-point operations of choosing the edges of one example forward, in a model of width
  /// `model_width`.
  virtual double choice_flops(int64_t /*positions*/, int64_t /*model_width*/,
                              int64_t /*heads*/) const {
    return 0;
  }
  /// Choices one after another that each call makes for an example of `positions`; 0: none.
  virtual int64_t choices(int64_t /*positions*/) const { return 0; }

  /// What is known without data: the kind with its limits; a causal call intersects it with j <= i.
  /// Phrases, kernels, costs and refusals read this.
  virtual graph::Graph facts(bool causal) const = 0;
  /// The module of an attention of this size. By default without parameters: its graph is `facts`.
  virtual std::shared_ptr<GraphModule> build(const Size& size) const;
};

}  // namespace regard::attention
