// The second axis: an entry makes the graph of a call.
#pragma once

#include <string>

#include "regard/base/spec.hpp"
#include "regard/graph/graph.hpp"

namespace regard::attention {

class Graph {
 public:
  virtual ~Graph() = default;
  virtual std::string summary() const = 0;
  virtual std::string equation() const = 0;
  virtual void visit(Visitor&) {}
  virtual void check() {}
  /// The edges of this entry; a causal call intersects them with j <= i.
  virtual graph::Graph make(bool causal) const = 0;
};

}  // namespace regard::attention
