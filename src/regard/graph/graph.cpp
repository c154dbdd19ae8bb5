#include "regard/graph/graph.hpp"

#include <algorithm>
#include <vector>

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

namespace {

// Keys of one query at position `at` of `keys` positions, negative where queries outnumber keys.
int64_t keys_at(const Graph& g, int64_t at, int64_t keys) {
  const int64_t left = g.left == kUnlimited ? keys : g.left;
  const bool open = g.right == kUnlimited && !g.causal;  // to the right
  const int64_t right = g.causal ? 0 : open ? keys : g.right;
  if (g.global > 0 && at < g.global) return g.causal ? std::max<int64_t>(at + 1, 0) : keys;
  if (at < 0) return open ? keys : std::clamp<int64_t>(at + right + 1, 0, keys);
  const int64_t before = std::min(left, at), after = std::min(right, keys - 1 - at);
  return before + 1 + after + std::min(g.global, at - before);
}

}  // namespace

double Graph::pairs(Extent extent) const {
  const int64_t keys = extent.keys, first = keys - extent.queries;
  if (keys <= 0 || extent.queries <= 0) return 0;
  // Between these positions the number of keys grows evenly, so that its mean is that of both ends.
  std::vector<int64_t> cuts = {first, keys};
  const auto cut = [&](int64_t at) {
    for (const int64_t c : {at, at + 1}) {
      if (c > first && c < keys) cuts.push_back(c);
    }
  };
  const int64_t ahead = causal ? 0 : right == kUnlimited ? keys : std::min(right, keys);
  for (const int64_t at : {int64_t{0}, -1 - ahead, keys - 1 - ahead, global}) cut(at);
  if (left != kUnlimited) {
    cut(left);
    if (global < keys - std::min(left, keys)) cut(left + global);
  }
  std::sort(cuts.begin(), cuts.end());
  double count = 0;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    if (cuts[i] == cuts[i + 1]) continue;
    const double ends = static_cast<double>(keys_at(*this, cuts[i], keys)) +
                        static_cast<double>(keys_at(*this, cuts[i + 1] - 1, keys));
    count += 0.5 * ends * static_cast<double>(cuts[i + 1] - cuts[i]);
  }
  return count;
}

Graph full() { return {}; }
Graph causal() { return {.causal = true}; }
Graph window(int64_t width) { return {.left = width - 1, .right = width - 1}; }

}  // namespace regard::graph
