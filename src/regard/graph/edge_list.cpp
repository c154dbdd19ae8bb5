#include "regard/graph/edge_list.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>

#include "regard/base/error.hpp"

namespace regard::graph {
namespace {

void check(const Edge& edge, Extent extent) {
  const bool inside =
      edge.query >= 0 && edge.query < extent.queries && edge.key >= 0 && edge.key < extent.keys;
  if (!inside) {
    throw InputError("edges: a query below " + std::to_string(extent.queries) +
                     " and a key below " + std::to_string(extent.keys) + " were expected, and " +
                     std::to_string(edge.query) + " and " + std::to_string(edge.key) + " came");
  }
  if (!std::isfinite(edge.log_gate)) {
    throw InputError("edges: the log gate of query " + std::to_string(edge.query) + " and key " +
                     std::to_string(edge.key) + " is not finite");
  }
}

}  // namespace

std::vector<int64_t> EdgeList::edge_queries() const {
  std::vector<int64_t> all;
  all.reserve(keys.size());
  for (int64_t i = 0; i < queries(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    all.insert(all.end(), static_cast<std::size_t>(offsets[at + 1] - offsets[at]), i);
  }
  return all;
}

EdgeList build_edges(std::span<const Edge> edges, Extent extent, SelfLoops loops) {
  std::vector<Edge> sorted(edges.begin(), edges.end());
  for (const auto& edge : sorted) check(edge, extent);
  // The largest gate of a pair comes first.
  std::sort(sorted.begin(), sorted.end(), [](const Edge& a, const Edge& b) {
    return std::tuple(a.query, a.key, -a.log_gate) < std::tuple(b.query, b.key, -b.log_gate);
  });
  EdgeList list;
  list.offsets.push_back(0);
  bool gated = false;
  const auto add = [&](int64_t key, double log_gate) {
    list.keys.push_back(key);
    list.log_gates.push_back(log_gate);
    gated = gated || log_gate != 0;
  };
  auto next = sorted.begin();
  for (int64_t i = 0; i < extent.queries; ++i) {
    bool needs_self = loops == SelfLoops::kAdd && i < extent.keys;
    int64_t last = -1;
    for (; next != sorted.end() && next->query == i; ++next) {
      if (next->key == last) continue;
      last = next->key;
      if (needs_self && last > i) add(i, 0);
      if (last >= i) needs_self = false;
      add(last, next->log_gate);
    }
    if (needs_self) add(i, 0);
    list.offsets.push_back(list.size());
  }
  if (!gated) list.log_gates.clear();
  return list;
}

}  // namespace regard::graph
