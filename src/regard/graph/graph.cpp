#include "regard/graph/graph.hpp"

#include <algorithm>

namespace regard::graph {

bool Graph::allows(int64_t query, int64_t key, Extent extent) const {
  const int64_t at = query + extent.keys - extent.queries;
  if (causal && key > at) return false;
  if (global > 0 && (at < global || key < global)) return true;
  if (left != kUnlimited && key < at - left) return false;
  if (right != kUnlimited && key > at + right) return false;
  return true;
}

Range Graph::keys(int64_t first, int64_t last, Extent extent) const {
  if (first >= last) return {};
  const int64_t shift = extent.keys - extent.queries;
  const int64_t low = first + shift;      // position of the first query
  const int64_t high = last - 1 + shift;  // position of the last query
  int64_t begin = left == kUnlimited ? 0 : low - left;
  int64_t end = right == kUnlimited ? extent.keys : high + right + 1;
  if (global > 0) {
    begin = 0;
    if (low < global) end = extent.keys;
    end = std::max(end, std::min(global, extent.keys));
  }
  if (causal) end = std::min(end, high + 1);
  begin = std::clamp<int64_t>(begin, 0, extent.keys);
  return {begin, std::clamp(end, begin, extent.keys)};
}

int64_t Graph::pairs(Extent extent) const {
  int64_t count = 0;
  for (int64_t i = 0; i < extent.queries; ++i) {
    Graph band = *this;
    band.global = 0;
    const int64_t at = i + extent.keys - extent.queries;
    const int64_t limit = causal ? std::clamp<int64_t>(at + 1, 0, extent.keys) : extent.keys;
    if (global > 0 && at < global) {
      count += limit;
      continue;
    }
    const Range range = band.keys(i, i + 1, extent);
    count += range.size() + std::clamp<int64_t>(std::min(global, range.begin), 0, limit);
  }
  return count;
}

Graph full() { return {}; }
Graph causal() { return {.causal = true}; }
Graph window(int64_t width) { return {.left = width - 1, .right = width - 1}; }

}  // namespace regard::graph
