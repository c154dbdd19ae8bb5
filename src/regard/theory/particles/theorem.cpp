#include "regard/theory/particles/theorem.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "regard/base/error.hpp"
#include "regard/theory/particles/closed_form.hpp"

namespace regard::particles {
namespace {

constexpr int64_t kMostCaps = 64;
constexpr int kTries = 240;       // values of e between the least and 1/16
constexpr double kLeast = 1e-12;  // a point alone has e as small as one likes

/// The edges of the minimal spanning tree, longest first: cutting the first k - 1 gives k parts.
struct Edge {
  double gap;
  int64_t a, b;
};
std::vector<Edge> spanning_tree(const Cloud& cloud) {
  const auto n = static_cast<std::size_t>(cloud.size());
  std::vector<double> nearest(n, 4.0);
  std::vector<int64_t> by(n, 0);
  std::vector<bool> inside(n, false);
  std::vector<Edge> edges;
  int64_t last = 0;
  inside[0] = true;
  for (std::size_t added = 1; added < n; ++added) {
    int64_t next = -1;
    for (int64_t j = 0; j < cloud.size(); ++j) {
      if (inside[j]) continue;
      const double u = gap(cloud, last, j);
      if (u < nearest[j]) {
        nearest[j] = u;
        by[j] = last;
      }
      if (next < 0 || nearest[j] < nearest[next]) next = j;
    }
    edges.push_back({nearest[next], by[next], next});
    inside[next] = true;
    last = next;
  }
  std::stable_sort(edges.begin(), edges.end(),
                   [](const Edge& x, const Edge& y) { return x.gap > y.gap; });
  return edges;
}

std::vector<int64_t> cut(const std::vector<Edge>& edges, int64_t n, int64_t parts) {
  std::vector<int64_t> parent(static_cast<std::size_t>(n)), label(parent.size(), -1);
  std::iota(parent.begin(), parent.end(), int64_t{0});
  const auto root = [&](int64_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (std::size_t e = static_cast<std::size_t>(parts - 1); e < edges.size(); ++e) {
    const auto a = root(edges[e].a), b = root(edges[e].b);
    parent[std::max(a, b)] = std::min(a, b);
  }
  int64_t next = 0;
  for (int64_t i = 0; i < n; ++i) {
    const auto r = root(i);
    label[i] = r == i ? next++ : label[r];
  }
  return label;
}

/// The centre of a small cap around the members, by steps towards the farthest (Badoiu, Clarkson).
std::vector<double> cap_centre(const Cloud& cloud, const std::vector<int64_t>& members,
                               double& epsilon) {
  auto at = centre(cloud, members);
  std::vector<double> best = at;
  epsilon = 2;
  for (int round = 1; round <= 60; ++round) {
    double far = 0;
    int64_t farthest = members.front();
    for (const auto i : members) {
      const double u = gap(cloud.row(i), at.data(), cloud.dim);
      if (u > far) {
        far = u;
        farthest = i;
      }
    }
    if (far < epsilon) {
      epsilon = far;
      best = at;
    }
    if (members.size() < 2) break;
    for (int64_t c = 0; c < cloud.dim; ++c) {
      at[c] += (cloud.row(farthest)[c] - at[c]) / (round + 1);
    }
    normalise(at.data(), cloud.dim);
  }
  return best;
}

Separation separation_of(const Cloud& cloud, double beta, std::vector<int64_t> label,
                         int64_t parts) {
  Separation found;
  found.caps = parts;
  found.label = std::move(label);
  std::vector<std::vector<int64_t>> members(static_cast<std::size_t>(parts));
  for (int64_t i = 0; i < cloud.size(); ++i) members[found.label[i]].push_back(i);
  double least = kLeast;
  for (const auto& part : members) {
    double epsilon = 0;
    const auto at = cap_centre(cloud, part, epsilon);
    found.centres.insert(found.centres.end(), at.begin(), at.end());
    least = std::max(least, epsilon * (1 + 1e-12));
  }
  found.psi = std::numbers::pi;
  for (int64_t a = 0; a < parts; ++a) {
    for (int64_t b = 0; b < a; ++b) {
      const double* w = found.centres.data();
      found.psi =
          std::min(found.psi, angle_of(gap(w + a * cloud.dim, w + b * cloud.dim, cloud.dim)));
    }
  }
  found.bounds.gamma = -std::numeric_limits<double>::infinity();
  for (int i = 0; i <= kTries; ++i) {
    const double epsilon = least * std::pow(0.0624 / least, static_cast<double>(i) / kTries);
    if (least >= 0.0624 && i > 0) break;
    const auto b = bounds(cloud.size(), beta, std::max(least, epsilon), found.psi);
    if (b.gamma > found.bounds.gamma) {
      found.bounds = b;
      found.epsilon = std::max(least, epsilon);
    }
  }
  if (least >= 1.0 / 16) found.bounds.holds = false;
  return found;
}

}  // namespace

Bounds bounds(int64_t n, double beta, double epsilon, double psi) {
  Bounds b;
  const auto count = static_cast<double>(n);
  b.alpha = std::cos(std::max(0.0, psi - 2 * std::acos(1 - 2 * epsilon)));
  b.gamma = 1 - b.alpha - 8 * epsilon - std::log(2 * count * count / epsilon) / beta;
  const double rest = 1 - 8 * epsilon;
  b.lambda_two = 1 - b.alpha - std::log(2 * count * count / rest) / beta - 8 * epsilon;
  b.log_lambda_one = b.gamma > 0 && beta > 1
                         ? (1 - b.alpha) * beta + std::log((beta - 1) * epsilon) -
                               2 * std::log(beta * count) - 1 +
                               std::log1p(-std::exp(-b.gamma * beta))
                         : -std::numeric_limits<double>::infinity();
  b.lambda = 0.99 * std::min(b.lambda_two, std::exp(std::min(b.log_lambda_one, 50.0)));
  if (beta > 1 && b.lambda > 0) {
    b.log_t1 = log_add(std::log(2 * count) + 8 * epsilon * beta,
                       1 + std::log(count * b.lambda * beta * beta / (beta - 1)));
  }
  b.log_t2 = std::log(epsilon / count) + (1 - b.alpha) * beta;
  b.holds = beta > 1 && epsilon < 1.0 / 16 && b.gamma > 0 && b.lambda > 0 && b.log_t1 < b.log_t2;
  return b;
}

Separation separate(const Cloud& cloud, double beta) {
  for (const double mass : cloud.mass) {
    if (std::abs(mass * static_cast<double>(cloud.size()) - 1) > 1e-9) {
      throw InputError(
          "simulate: the theorem is about particles of equal weight, and --weights came");
    }
  }
  const auto n = cloud.size();
  if (n < 2) throw InputError("simulate: the theorem needs at least two particles, and one came");
  const auto edges = spanning_tree(cloud);
  Separation best;
  best.bounds.gamma = -std::numeric_limits<double>::infinity();
  for (int64_t parts = 2; parts <= std::min(n, kMostCaps); ++parts) {
    auto found = separation_of(cloud, beta, cut(edges, n, parts), parts);
    if (found.bounds.gamma > best.bounds.gamma) best = std::move(found);
  }
  return best;
}

void TheoremWatch::look(const Engine& engine) {
  if (separation.caps == 0 || !std::isnan(left)) return;
  const auto& clusters = engine.clusters();
  const auto& cloud = clusters.cloud;
  const double now = engine.moment().log_t, rate = engine.model().log_rate;
  const auto& b = separation.bounds;
  // The theorem speaks of USA and SA as in model.hpp.
  const double outside = 2 * separation.epsilon * (1 + 1e-9);
  std::vector<std::vector<int64_t>> caps(static_cast<std::size_t>(separation.caps));
  for (std::size_t i = 0; i < clusters.owner.size(); ++i) {
    const auto cap = separation.label[i], at = clusters.owner[i];
    if (gap(cloud.row(at), separation.centres.data() + cap * cloud.dim, cloud.dim) > outside) {
      left = now - rate;
      violations += b.holds && now < b.log_t2 ? 1 : 0;
      return;
    }
    auto& list = caps[static_cast<std::size_t>(cap)];
    if (list.empty() || list.back() != at) list.push_back(at);
  }
  double widest = 0;  // |x - y|^2 = 2 u
  for (const auto& list : caps) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        widest = std::max(widest, 2 * gap(cloud, list[i], list[j]));
      }
    }
  }
  const bool is_narrow = widest <= 2 * std::exp(-b.lambda * engine.beta());
  if (is_narrow && std::isnan(narrow)) narrow = now - rate;
  if (!is_narrow) narrow = kNever;
  if (!is_narrow && b.holds && now >= b.log_t1 && now <= b.log_t2) ++violations;
}

void TheoremWatch::visit(Archive& f) {
  f("theorem.left", left);
  f("theorem.narrow", narrow);
  f("theorem.violations", violations);
}

}  // namespace regard::particles
