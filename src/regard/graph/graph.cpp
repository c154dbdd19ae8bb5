#include "regard/graph/graph.hpp"

#include <algorithm>
#include <vector>

namespace regard::graph {

namespace {

bool limited(const Band& band, bool causal) {
  return band.left != kUnlimited || (band.right != kUnlimited && !causal);
}

bool allows(const Band& b, bool causal, int64_t query, int64_t key, Extent extent) {
  const int64_t at = query + extent.keys - extent.queries;
  if (causal && key > at) return false;
  if (b.global > 0 && (at < b.global || key < b.global)) return true;
  if (b.left != kUnlimited && key < at - b.left) return false;
  if (b.right != kUnlimited && key > at + b.right) return false;
  return true;
}

Range keys(const Band& b, bool causal, int64_t first, int64_t last, Extent extent) {
  const int64_t shift = extent.keys - extent.queries;
  const int64_t low = first + shift;      // position of the first query
  const int64_t high = last - 1 + shift;  // position of the last query
  int64_t begin = b.left == kUnlimited ? 0 : low - b.left;
  int64_t end = b.right == kUnlimited ? extent.keys : high + b.right + 1;
  if (b.global > 0) {
    begin = 0;
    if (low < b.global) end = extent.keys;
    end = std::max(end, std::min(b.global, extent.keys));
  }
  if (causal) end = std::min(end, high + 1);
  begin = std::clamp<int64_t>(begin, 0, extent.keys);
  return {begin, std::clamp(end, begin, extent.keys)};
}

// Keys of one query at position `at` of `keys` positions, negative where queries outnumber keys.
int64_t keys_at(const Band& b, bool causal, int64_t at, int64_t keys) {
  const int64_t left = b.left == kUnlimited ? keys : b.left;
  const bool open = b.right == kUnlimited && !causal;  // to the right
  const int64_t right = causal ? 0 : open ? keys : b.right;
  if (b.global > 0 && at < b.global) return causal ? std::max<int64_t>(at + 1, 0) : keys;
  if (at < 0) return open ? keys : std::clamp<int64_t>(at + right + 1, 0, keys);
  const int64_t before = std::min(left, at), after = std::min(right, keys - 1 - at);
  return before + 1 + after + std::min(b.global, at - before);
}

double pairs(const Band& b, bool causal, Extent extent) {
  const int64_t keys = extent.keys, first = keys - extent.queries;
  if (keys <= 0 || extent.queries <= 0) return 0;
  // Between these positions the number of keys grows evenly, so that its mean is that of both ends.
  std::vector<int64_t> cuts = {first, keys};
  const auto cut = [&](int64_t at) {
    for (const int64_t c : {at, at + 1}) {
      if (c > first && c < keys) cuts.push_back(c);
    }
  };
  const int64_t ahead = causal ? 0 : b.right == kUnlimited ? keys : std::min(b.right, keys);
  for (const int64_t at : {int64_t{0}, -1 - ahead, keys - 1 - ahead, b.global}) cut(at);
  if (b.left != kUnlimited) {
    cut(b.left);
    if (b.global < keys - std::min(b.left, keys)) cut(b.left + b.global);
  }
  std::sort(cuts.begin(), cuts.end());
  double count = 0;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    if (cuts[i] == cuts[i + 1]) continue;
    const double ends = static_cast<double>(keys_at(b, causal, cuts[i], keys)) +
                        static_cast<double>(keys_at(b, causal, cuts[i + 1] - 1, keys));
    count += 0.5 * ends * static_cast<double>(cuts[i + 1] - cuts[i]);
  }
  return count;
}

// At most `per_query` keys each, of those that causality allows.
double pairs(const Edges& edges, bool causal, Extent extent) {
  const auto most = [&](const Band& band) { return pairs(band, causal, extent); };
  if (edges.per_query == 0) return most({});
  if (!causal) {
    const auto keys = static_cast<double>(std::min(edges.per_query, extent.keys));
    return keys * static_cast<double>(std::max<int64_t>(0, extent.queries));
  }
  return most({.left = edges.per_query - 1});
}

using Shared = std::shared_ptr<const Pattern>;

}  // namespace

Graph Graph::causally() const {
  Graph out = *this;
  out.causal_ = true;
  return out;
}

Graph Graph::across() const {
  Graph out = *this;
  out.alignment_ = Alignment::kTwoSequences;
  return out;
}

bool Graph::plain() const {
  const auto* band = std::get_if<Band>(&kind_);
  return band && !limited(*band, causal_);
}

const Band* Graph::window() const {
  const auto* band = std::get_if<Band>(&kind_);
  return band && limited(*band, causal_) ? band : nullptr;
}

std::string Graph::name() const {
  if (const auto* pattern = std::get_if<Shared>(&kind_)) return (*pattern)->name();
  if (edges()) return "edges";
  return window() ? "a window" : causal_ ? "causal" : "full";
}

std::string Graph::refusal() const {
  if (one_sequence() || (plain() && !causal_)) return "";
  return "the graph is " + name() +
         ", which needs queries and keys of one sequence, and these are of two";
}

bool Graph::allows(int64_t query, int64_t key, Extent extent) const {
  if (const auto* band = std::get_if<Band>(&kind_)) {
    return graph::allows(*band, causal_, query, key, extent);
  }
  if (causal_ && key > query + extent.keys - extent.queries) return false;
  if (edges()) return true;
  return std::get<Shared>(kind_)->allows(query, key, extent);
}

Range Graph::keys(int64_t first, int64_t last, Extent extent) const {
  if (first >= last) return {};
  if (const auto* band = std::get_if<Band>(&kind_)) {
    return graph::keys(*band, causal_, first, last, extent);
  }
  if (edges()) return graph::keys(Band{}, causal_, first, last, extent);
  Range range{extent.keys, 0};
  for (int64_t i = first; i < last; ++i) {
    for (int64_t j = 0; j < extent.keys; ++j) {
      if (!allows(i, j, extent)) continue;
      range.begin = std::min(range.begin, j);
      range.end = std::max(range.end, j + 1);
    }
  }
  return range.end == 0 ? Range{} : range;
}

double Graph::pairs(Extent extent) const {
  if (const auto* band = std::get_if<Band>(&kind_)) return graph::pairs(*band, causal_, extent);
  if (const auto* given = edges()) return graph::pairs(*given, causal_, extent);
  double count = 0;
  for (int64_t i = 0; i < extent.queries; ++i) {
    for (int64_t j = 0; j < extent.keys; ++j) count += allows(i, j, extent) ? 1 : 0;
  }
  return count;
}

Graph full() { return {}; }
Graph causal() { return {Band{}, true}; }
Graph window(int64_t width) { return Band{.left = width - 1, .right = width - 1}; }

}  // namespace regard::graph
