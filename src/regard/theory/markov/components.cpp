// The two graphs of a query: which tokens occur together, and which came next while which was
// there.
#include <algorithm>
#include <functional>
#include <numeric>

#include "regard/theory/markov/fit.hpp"

namespace regard::markov {
namespace {

/// Numbers groups 0, 1, ... in the order of their first token; -1 stays.
std::vector<int32_t> renumbered(std::vector<int32_t> group) {
  std::vector<int32_t> name(group.size() + 1, -1);
  int32_t next = 0;
  for (auto& g : group) {
    if (g < 0) continue;
    auto& known = name[static_cast<std::size_t>(g)];
    if (known < 0) known = next++;
    g = known;
  }
  return group;
}

/// Tarjan (1972): the strong components of a graph of lists.
class StrongComponents {
 public:
  explicit StrongComponents(const std::vector<std::vector<int32_t>>& edges)
      : edges_(edges), low_(edges.size(), -1), order_(low_), component_(low_) {
    for (std::size_t v = 0; v < edges.size(); ++v) {
      if (order_[v] < 0) visit(static_cast<int32_t>(v));
    }
  }
  std::vector<int32_t> take() { return std::move(component_); }

 private:
  void visit(int32_t v) {
    const auto at = static_cast<std::size_t>(v);
    low_[at] = order_[at] = clock_++;
    stack_.push_back(v);
    for (const auto to : edges_[at]) {
      const auto u = static_cast<std::size_t>(to);
      if (order_[u] < 0) visit(to);
      if (component_[u] < 0) low_[at] = std::min(low_[at], low_[u]);
    }
    if (low_[at] != order_[at]) return;
    while (true) {
      const auto top = stack_.back();
      stack_.pop_back();
      component_[static_cast<std::size_t>(top)] = found_;
      if (top == v) break;
    }
    ++found_;
  }
  const std::vector<std::vector<int32_t>>& edges_;
  std::vector<int32_t> low_, order_, component_, stack_;
  int32_t clock_ = 0, found_ = 0;
};

std::vector<bool> occurring(const std::vector<Group>& groups, int64_t tokens) {
  std::vector<bool> there(static_cast<std::size_t>(tokens));
  for (const auto& group : groups) {
    for (const auto token : group.tokens) there[static_cast<std::size_t>(token)] = true;
  }
  return there;
}

}  // namespace

std::vector<int32_t> cooccurrence(const std::vector<Group>& groups, int64_t tokens) {
  std::vector<int32_t> parent(static_cast<std::size_t>(tokens));
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](int32_t v) {
    while (parent[static_cast<std::size_t>(v)] != v) {
      auto& up = parent[static_cast<std::size_t>(v)];
      v = up = parent[static_cast<std::size_t>(up)];
    }
    return v;
  };
  for (const auto& group : groups) {
    for (const auto token : group.tokens)
      parent[static_cast<std::size_t>(root(token))] = root(group.tokens.front());
  }
  const auto there = occurring(groups, tokens);
  std::vector<int32_t> component(static_cast<std::size_t>(tokens));
  for (int32_t v = 0; v < tokens; ++v)
    component[static_cast<std::size_t>(v)] = there[static_cast<std::size_t>(v)] ? root(v) : -1;
  return renumbered(std::move(component));
}

std::vector<int32_t> comparable(const std::vector<Group>& groups, int64_t tokens) {
  const auto n = static_cast<std::size_t>(tokens);
  std::vector<bool> joined(n * n);
  for (const auto& group : groups) {
    for (std::size_t a = 0; a < group.tokens.size(); ++a) {
      if (group.chosen[a] == 0) continue;
      for (const auto other : group.tokens)
        joined[static_cast<std::size_t>(group.tokens[a]) * n + static_cast<std::size_t>(other)] =
            true;
    }
  }
  std::vector<std::vector<int32_t>> edges(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (i != j && joined[i * n + j]) edges[i].push_back(static_cast<int32_t>(j));
    }
  }
  auto strong = StrongComponents(edges).take();
  const auto there = occurring(groups, tokens);
  for (std::size_t v = 0; v < n; ++v) {
    if (!there[v]) strong[v] = -1;
  }
  return renumbered(std::move(strong));
}

}  // namespace regard::markov
