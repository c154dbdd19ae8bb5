// A position meets its neighbours: |i - j| < width, or `left` before and `right` after it, where -1
// means all.
#pragma once

#include <memory>

#include "regard/attention/graph_kind.hpp"
#include "regard/base/none.hpp"

namespace regard::attention::graphs {

struct Window final : Graph {
  int64_t width = 256;
  int64_t left = kNone;
  int64_t right = kNone;
  int64_t global = 0;

  std::string summary() const override {
    return "a position meets its neighbours, and the first `global` positions meet all";
  }
  std::string equation() const override { return "E = {(i, j): |i - j| < width}"; }
  void visit(Visitor& f) override;
  void check() override;
  graph::Graph facts(bool causal) const override;
};

std::unique_ptr<Graph> make_window();

}  // namespace regard::attention::graphs
