#include "regard/graph/bound.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "regard/base/error.hpp"

namespace regard::graph {
namespace {

double mean_of(std::span<const double> row) {
  return std::accumulate(row.begin(), row.end(), 0.0) / static_cast<double>(row.size());
}

bool all_equal(std::span<const double> row) {
  return std::all_of(row.begin(), row.end(), [&](double p) { return p == row[0]; });
}

/// The keys of the `degree` largest weights beside the diagonal, increasing.
std::vector<int64_t> largest(std::span<const double> row, int64_t diagonal, int64_t degree) {
  std::vector<int64_t> keys;
  for (int64_t j = 0; j < static_cast<int64_t>(row.size()); ++j) {
    if (j != diagonal) keys.push_back(j);
  }
  const auto weight = [&](int64_t j) { return row[static_cast<std::size_t>(j)]; };
  std::stable_sort(keys.begin(), keys.end(),
                   [&](int64_t a, int64_t b) { return weight(a) > weight(b); });
  keys.resize(std::min(keys.size(), static_cast<std::size_t>(degree)));
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

double deviation(std::span<const double> row) {
  if (row.size() < 2) return 0;
  const double m = mean_of(row);
  double sum = 0;
  for (const double p : row) sum += (p - m) * (p - m);
  return std::sqrt(sum / static_cast<double>(row.size() - 1));
}

double threshold(std::span<const double> row, const BoundRule& rule) {
  if (row.empty()) throw InputError("bound: a row of weights was expected, and none came");
  const double s = deviation(row);
  if (rule.kind == BoundRule::Kind::kMean) return mean_of(row) + rule.delta * s;
  return *std::max_element(row.begin(), row.end()) - rule.delta * s;
}

std::vector<WeightedPair> kept_pairs(std::span<const double> matrix, int64_t n,
                                     const BoundRule& rule) {
  if (static_cast<int64_t>(matrix.size()) != n * n)
    throw InputError("bound: " + std::to_string(n * n) + " weights were expected, and " +
                     std::to_string(matrix.size()) + " came");
  std::vector<WeightedPair> kept;
  for (int64_t i = 0; i < n; ++i) {
    const auto row = matrix.subspan(static_cast<std::size_t>(i * n), static_cast<std::size_t>(n));
    if (rule.kind == BoundRule::Kind::kDegree) {
      for (const auto j : largest(row, i, rule.degree))
        kept.push_back({i, j, row[static_cast<std::size_t>(j)]});
      continue;
    }
    const bool all = all_equal(row);
    const double tau = threshold(row, rule);
    for (int64_t j = 0; j < n; ++j) {
      const double p = row[static_cast<std::size_t>(j)];
      if (all || p >= tau) kept.push_back({i, j, p});
    }
  }
  return kept;
}

int64_t PaperGraph::count() const {
  int64_t sum = 0;
  for (const auto& edge : edges) sum += edge.copies;
  return sum;
}

namespace {

using Pair = std::pair<int64_t, int64_t>;

/// Directed edges with the largest weight of each, and the nodes that one leads to.
class Directed {
 public:
  explicit Directed(std::size_t nodes) : entered_(nodes, false) {}
  void add(int64_t from, int64_t to, double weight) {
    if (from == to) return;
    const auto [at, fresh] = weights_.try_emplace({from, to}, weight);
    if (!fresh) at->second = std::max(at->second, weight);
    entered_[static_cast<std::size_t>(to)] = true;
  }
  bool entered(int64_t node) const { return entered_[static_cast<std::size_t>(node)]; }
  const std::map<Pair, double>& weights() const { return weights_; }

 private:
  std::map<Pair, double> weights_;
  std::vector<bool> entered_;
};

}  // namespace

PaperGraph paper_graph(std::span<const WeightedPair> kept, std::span<const int64_t> ids) {
  PaperGraph graph;
  const auto n = static_cast<int64_t>(ids.size());
  std::map<int64_t, int64_t> node_of_id;
  std::vector<int64_t> node;
  for (int64_t i = 0; i < n; ++i) {
    const auto fresh = static_cast<int64_t>(node_of_id.size());
    const auto [at, is_new] = node_of_id.try_emplace(ids[static_cast<std::size_t>(i)], fresh);
    if (is_new) graph.first.push_back(i);
    node.push_back(at->second);
  }
  const auto node_of = [&](int64_t i) { return node[static_cast<std::size_t>(i)]; };
  Directed directed(graph.first.size());
  for (std::size_t begin = 0, end = 0; begin < kept.size(); begin = end) {
    while (end < kept.size() && kept[end].query == kept[begin].query) ++end;
    const auto row = kept.subspan(begin, end - begin);
    const auto own = node_of(row[0].query);
    for (const auto& pair : row) directed.add(own, node_of(pair.key), pair.weight);
    const bool alone = std::all_of(
        row.begin(), row.end(), [&](const WeightedPair& pair) { return node_of(pair.key) == own; });
    if (!alone || directed.entered(own)) continue;
    const auto& last = row.back();
    for (const auto near : {last.key - 1, last.key + 1}) {
      if (near >= 0 && near < n) directed.add(own, node_of(near), last.weight / 2);
    }
  }
  std::map<Pair, PaperEdge> both;
  for (const auto& [pair, weight] : directed.weights()) {
    for (const auto& [from, to] : {pair, Pair{pair.second, pair.first}}) {
      const auto [at, fresh] = both.try_emplace({from, to}, PaperEdge{from, to, weight, 1});
      if (fresh) continue;
      at->second.copies += 1;
      at->second.weight = std::max(at->second.weight, weight);
    }
  }
  for (const auto& [pair, edge] : both) graph.edges.push_back(edge);
  return graph;
}

}  // namespace regard::graph
