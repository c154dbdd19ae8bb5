#include "regard/theory/particles/clusters.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

namespace regard::particles {
namespace {

class Union {
 public:
  explicit Union(int64_t n) : parent_(static_cast<std::size_t>(n)) {
    std::iota(parent_.begin(), parent_.end(), int64_t{0});
  }
  int64_t find(int64_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(int64_t a, int64_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<int64_t> parent_;
};

/// Indices by angle, so that on a circle only neighbours can be nearest.
std::vector<int64_t> around_the_circle(const Cloud& cloud) {
  std::vector<double> angle(static_cast<std::size_t>(cloud.size()));
  for (int64_t i = 0; i < cloud.size(); ++i)
    angle[i] = std::atan2(cloud.row(i)[1], cloud.row(i)[0]);
  std::vector<int64_t> order(angle.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return angle[a] < angle[b]; });
  return order;
}

constexpr int64_t kSort = 64;  // above: sorting beats all pairs on a circle

/// Calls f(i, j, u) for all pairs, or on a circle for neighbours: enough to connect all components.
template <class F>
void each_pair(const Cloud& cloud, const F& f) {
  const int64_t n = cloud.size();
  if (cloud.dim == 2 && n > kSort) {
    const auto order = around_the_circle(cloud);
    for (int64_t k = 0; k < n; ++k) {
      const auto i = order[k], j = order[k + 1 < n ? k + 1 : 0];
      f(std::min(i, j), std::max(i, j), gap(cloud, i, j));
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = i + 1; j < n; ++j) f(i, j, gap(cloud, i, j));
  }
}

}  // namespace

std::vector<int64_t> components(const Cloud& cloud, double close) {
  Union sets(cloud.size());
  each_pair(cloud, [&](int64_t i, int64_t j, double u) {
    if (u < close) sets.join(i, j);
  });
  std::vector<int64_t> label(static_cast<std::size_t>(cloud.size()), -1);
  int64_t next = 0;
  for (int64_t i = 0; i < cloud.size(); ++i) {
    const auto root = sets.find(i);
    label[i] = root == i ? next++ : label[root];
  }
  return label;
}

Clusters::Clusters(Cloud start) : cloud(std::move(start)) {
  owner.resize(static_cast<std::size_t>(cloud.size()));
  std::iota(owner.begin(), owner.end(), int64_t{0});
  group = owner;
  bound.assign(owner.size(), 0.0);
  count_ = cloud.size();
}

Clusters::Survey Clusters::survey(double close) const {
  Survey survey{std::numeric_limits<double>::infinity(), {}};
  each_pair(cloud, [&](int64_t i, int64_t j, double u) {
    survey.least = std::min(survey.least, u);
    if (u < close && group[i] != group[j]) survey.near.push_back({i, j});
  });
  return survey;
}

void Clusters::link(int64_t a, int64_t b) {
  const auto name = std::min(group[a], group[b]), other = std::max(group[a], group[b]);
  if (name == other) return;
  std::replace(group.begin(), group.end(), other, name);
  --count_;
}

void Clusters::link_all(const std::vector<Pair>& pairs) {
  if (pairs.empty()) return;
  Union sets(static_cast<int64_t>(owner.size()));  // names of groups are particles
  for (const auto& [a, b] : pairs) sets.join(group[a], group[b]);
  for (auto& g : group) g = sets.find(g);
  count_ = static_cast<int64_t>(std::set<int64_t>(group.begin(), group.end()).size());
}

void Clusters::merge(double close) {
  Union sets(cloud.size());
  each_pair(cloud, [&](int64_t i, int64_t j, double u) {
    if (u < close && group[i] == group[j]) sets.join(i, j);
  });
  std::map<int64_t, std::vector<int64_t>> parts;  // by the first of each
  for (int64_t i = 0; i < cloud.size(); ++i) parts[sets.find(i)].push_back(i);
  std::vector<std::vector<int64_t>> lists;
  for (auto& [root, members] : parts) lists.push_back(std::move(members));
  replace_by(lists);
}

void Clusters::merge_pair(int64_t a, int64_t b) {
  std::vector<std::vector<int64_t>> lists;
  for (int64_t i = 0; i < cloud.size(); ++i) {
    if (i != std::max(a, b)) lists.push_back({i});
    if (i == std::min(a, b)) lists.back().push_back(std::max(a, b));
  }
  replace_by(lists);
}

void Clusters::replace_by(const std::vector<std::vector<int64_t>>& parts) {
  Cloud merged{cloud.dim, {}, {}};
  std::vector<int64_t> becomes(static_cast<std::size_t>(cloud.size())), groups;
  std::vector<double> bounds;
  for (const auto& members : parts) {
    const auto root = members.front();
    const auto at = members.size() == 1
                        ? std::vector<double>(cloud.row(root), cloud.row(root) + cloud.dim)
                        : centre(cloud, members);
    double mass = 0, far = 0, before = 0;
    for (const auto i : members) {
      becomes[i] = merged.size();
      mass += cloud.mass[i];
      before = std::max(before, bound[i]);
      far = std::max(far, angle_of(gap(cloud.row(i), at.data(), cloud.dim)));
    }
    merged.x.insert(merged.x.end(), at.begin(), at.end());
    merged.mass.push_back(mass);
    groups.push_back(group[root]);
    bounds.push_back(before + far);
  }
  for (auto& o : owner) o = becomes[o];
  cloud = std::move(merged);
  group = std::move(groups);
  bound = std::move(bounds);
}

Cloud Clusters::group_means(std::vector<int64_t>& names) const {
  std::map<int64_t, std::vector<int64_t>> parts;
  for (int64_t i = 0; i < cloud.size(); ++i) parts[group[i]].push_back(i);
  Cloud means{cloud.dim, {}, {}};
  names.clear();
  for (const auto& [name, members] : parts) {
    const auto at = centre(cloud, members);
    double mass = 0;
    for (const auto i : members) mass += cloud.mass[i];
    means.x.insert(means.x.end(), at.begin(), at.end());
    means.mass.push_back(mass);
    names.push_back(name);
  }
  return means;
}

std::vector<double> Clusters::group_masses() const {
  std::map<int64_t, double> mass;
  for (int64_t i = 0; i < cloud.size(); ++i) mass[group[i]] += cloud.mass[i];
  std::vector<double> sorted;
  for (const auto& [name, m] : mass) sorted.push_back(m);
  std::sort(sorted.rbegin(), sorted.rend());
  return sorted;
}

double Clusters::largest_bound() const { return *std::max_element(bound.begin(), bound.end()); }

void Clusters::visit(Archive& f) {
  f("cloud.dim", cloud.dim);
  f("cloud.x", cloud.x);
  f("cloud.mass", cloud.mass);
  f("owner", owner);
  f("group", group);
  f("bound", bound);
  f("groups", count_);
}

}  // namespace regard::particles
