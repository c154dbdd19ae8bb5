// Energy, number of clusters, Gram histogram and dendrogram.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "regard/base/json.hpp"
#include "regard/theory/particles/report.hpp"

#include "regard/base/text.hpp"

namespace regard::particles {
namespace {

constexpr std::size_t kMostPoints = 600;
constexpr int kBins = 40;
constexpr std::size_t kMostLevels = 8, kMostLeaves = 40;
constexpr const char* kInk = "#0072B2";

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

std::string clock_title(const std::string& clock) {
  if (clock == "t") return "t";
  if (clock == "arc") return "arc / log β";
  return clock == "theorem" ? "clock of the theorem" : "log t";
}

/// The samples with a finite reading, at most kMostPoints of them.
std::vector<const Sample*> drawn(const std::string& clock, const Outcome& outcome) {
  std::vector<const Sample*> all, kept;
  for (const auto& sample : outcome.trace.samples) {
    if (std::isfinite(reading(sample.moment, clock))) all.push_back(&sample);
  }
  const std::size_t step = std::max<std::size_t>(1, all.size() / kMostPoints);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool edge = i + 1 == all.size() || all[i]->clusters != all[i + 1]->clusters ||
                      (i > 0 && all[i]->clusters != all[i - 1]->clusters);
    if (i % step == 0 || edge) kept.push_back(all[i]);
  }
  return kept;
}

Json line(const std::vector<double>& x, const std::vector<double>& y, const std::string& shape) {
  return {{"type", "scatter"},
          {"mode", "lines"},
          {"x", x},
          {"y", y},
          {"line", {{"color", kInk}, {"width", 2}, {"shape", shape}}},
          {"hovertemplate", "%{x:.4g}: %{y:.5g}<extra></extra>"}};
}

}  // namespace

report::Figure energy_figure(const Spec& spec, const std::vector<Outcome>& all) {
  report::Figure figure{"energy",
                        "Ê = 2βE. Dashed: Σα² of the clusters that were left after each merge.",
                        "The energy against the chosen clock, with its levels",
                        {}};
  for (const auto& outcome : all) {
    std::vector<double> x, y;
    for (const auto* sample : drawn(spec.run.clock, outcome)) {
      x.push_back(rounded(reading(sample->moment, spec.run.clock)));
      y.push_back(rounded(sample->energy));
    }
    if (x.empty()) continue;
    Json shapes = Json::array();
    const auto& events = outcome.trace.events;
    for (const auto& event : events) {
      if (event.masses.size() > kMostLevels || event.kind != Event::Kind::kMerge) continue;
      double level = 0;
      for (const double mass : event.masses) level += mass * mass;
      shapes.push_back({{"type", "line"},
                        {"xref", "paper"},
                        {"x0", 0},
                        {"x1", 1},
                        {"y0", level},
                        {"y1", level},
                        {"line", {{"color", "#9aa3ad"}, {"width", 1}, {"dash", "dash"}}}});
    }
    Json layout = {{"xaxis", {{"title", {{"text", clock_title(spec.run.clock)}}}}},
                   {"yaxis", {{"title", {{"text", "Ê"}}}, {"range", {0, 1.04}}}},
                   {"shapes", shapes},
                   {"hovermode", "closest"}};
    figure.variants.push_back(
        {beta_text(outcome.beta), Json::array({line(x, y, "linear")}), layout, {}});
  }
  return figure;
}

report::Figure count_figure(const Spec& spec, const std::vector<Outcome>& all) {
  report::Figure figure{"clusters",
                        "How many clusters there are.",
                        "The number of clusters against the chosen clock",
                        {}};
  for (const auto& outcome : all) {
    std::vector<double> x, y;
    for (const auto* sample : drawn(spec.run.clock, outcome)) {
      x.push_back(rounded(reading(sample->moment, spec.run.clock)));
      y.push_back(static_cast<double>(sample->clusters));
    }
    if (x.empty()) continue;
    Json layout = {{"xaxis", {{"title", {{"text", clock_title(spec.run.clock)}}}}},
                   {"yaxis", {{"title", {{"text", "clusters"}}}, {"type", "log"}}},
                   {"hovermode", "closest"}};
    if (*std::max_element(y.begin(), y.end()) < 20) {
      layout["yaxis"]["type"] = "linear";
      layout["yaxis"]["rangemode"] = "tozero";
    }
    figure.variants.push_back(
        {beta_text(outcome.beta), Json::array({line(x, y, "hv")}), layout, {}});
  }
  return figure;
}

report::Figure gram_figure(const std::vector<Outcome>& all, int64_t dim) {
  report::Figure figure{
      "gram",
      "Share of pairs by ⟨x, y⟩ among the points drawn. The slider goes with time.",
      "A histogram of the scalar products of all pairs",
      {}};
  for (const auto& outcome : all) {
    if (outcome.trace.frames.empty()) continue;
    std::vector<double> middle;
    for (int b = 0; b < kBins; ++b) middle.push_back(-1 + (b + 0.5) * 2 / kBins);
    report::Variant variant{beta_text(outcome.beta), Json::array(), Json::object(), {}};
    for (const auto& frame : outcome.trace.frames) {
      std::vector<double> share(kBins, 0.0);
      const auto n = static_cast<int64_t>(frame.x.size()) / dim;
      const double each = n > 1 ? 2.0 / static_cast<double>(n * (n - 1)) : 1;
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = 0; j < i; ++j) {
          const double u = gap(frame.x.data() + i * dim, frame.x.data() + j * dim, dim);
          const auto bin = static_cast<int>((2 - u) / 2 * kBins);
          share[static_cast<std::size_t>(std::clamp(bin, 0, kBins - 1))] += each;
        }
      }
      for (auto& value : share) value = rounded(value);
      const auto name = formatted(frame.moment.log_t, "log t = %.3f");
      variant.frames.push_back(
          {std::isfinite(frame.moment.log_t) ? name : "start", Json::array({{{"y", share}}})});
    }
    variant.data = Json::array({{{"type", "bar"},
                                 {"x", middle},
                                 {"y", variant.frames.front().data[0]["y"]},
                                 {"marker", {{"color", kInk}}},
                                 {"hovertemplate", "%{x:.2f}: %{y:.1%}<extra></extra>"}}});
    variant.layout = {
        {"xaxis", {{"title", {{"text", "⟨x, y⟩"}}}, {"range", {-1.02, 1.02}}}},
        {"yaxis",
         {{"title", {{"text", "share of pairs"}}}, {"range", {0, 1}}, {"tickformat", ".0%"}}},
        {"bargap", 0.05},
        {"hovermode", "closest"}};
    figure.variants.push_back(std::move(variant));
  }
  return figure;
}

namespace {

struct Node {
  int64_t left = -1, right = -1;
  double height = 0, limit = 0, x = 0;
};

/// Leaves below `node`, left to right.
void lay_out(std::vector<Node>& nodes, int64_t node, double& next) {
  auto& n = nodes[static_cast<std::size_t>(node)];
  if (n.left < 0) {
    n.x = next++;
    return;
  }
  lay_out(nodes, n.left, next);
  lay_out(nodes, n.right, next);
  n.x = 0.5 *
        (nodes[static_cast<std::size_t>(n.left)].x + nodes[static_cast<std::size_t>(n.right)].x);
}

}  // namespace

report::Figure dendrogram_figure(const Spec& spec, const Cloud& start,
                                 const std::vector<Outcome>& all) {
  report::Figure figure{
      "dendrogram",
      "Heights: log t / β of each merge. Circles: 1 - cos of the angle between the two before it, "
      "the limit for large β.",
      "A tree of the merges of the last clusters",
      {}};
  for (const auto& outcome : all) {
    std::vector<const Event*> merges;
    for (const auto& event : outcome.trace.events) {
      if (event.kind == Event::Kind::kMerge && event.masses.size() < kMostLeaves &&
          std::isfinite(event.moment.log_t))
        merges.push_back(&event);
    }
    if (merges.empty() || !(outcome.beta > 0)) continue;
    const auto first = static_cast<int64_t>(merges.front()->masses.size()) + 1;
    std::map<int64_t, int64_t> node_of;  // group name -> node
    std::vector<Node> nodes;
    for (const auto group : groups_at(start, spec.close_gap(outcome.beta), outcome.trace, first)) {
      if (node_of.emplace(group, static_cast<int64_t>(nodes.size())).second) nodes.push_back({});
    }
    for (const auto* merge : merges) {
      Node node;
      node.left = node_of.at(merge->joined[0]);
      node.right = node_of.at(merge->joined[1]);
      node.height = merge->moment.log_t / outcome.beta;
      node.limit = gap_of(merge->angle);
      node_of[merge->joined[0]] = static_cast<int64_t>(nodes.size());
      node_of.erase(merge->joined[1]);
      nodes.push_back(node);
    }
    double next = 0;
    for (const auto& [name, node] : node_of) lay_out(nodes, node, next);
    Json x = Json::array(), y = Json::array();
    std::vector<double> mark_x, mark_y;
    for (const auto& node : nodes) {
      if (node.left < 0) continue;
      const auto &l = nodes[static_cast<std::size_t>(node.left)],
                 &r = nodes[static_cast<std::size_t>(node.right)];
      for (const auto& [px, py] :
           {std::pair{l.x, l.height}, {l.x, node.height}, {r.x, node.height}, {r.x, r.height}}) {
        x.push_back(px);
        y.push_back(rounded(py));
      }
      x.push_back(nullptr);
      y.push_back(nullptr);
      mark_x.push_back(node.x);
      mark_y.push_back(rounded(node.limit));
    }
    Json tree = {{"type", "scatter"},
                 {"mode", "lines"},
                 {"x", x},
                 {"y", y},
                 {"hoverinfo", "y"},
                 {"line", {{"color", kInk}, {"width", 1.5}}}};
    Json marks = {{"type", "scatter"},
                  {"mode", "markers"},
                  {"x", mark_x},
                  {"y", mark_y},
                  {"marker", {{"color", "#D55E00"}, {"size", 7}, {"symbol", "circle-open"}}},
                  {"hovertemplate", "1 - cos = %{y:.4f}<extra></extra>"}};
    Json layout = {{"xaxis", {{"title", {{"text", "clusters"}}}, {"showticklabels", false}}},
                   {"yaxis", {{"title", {{"text", "log t / β"}}}}},
                   {"hovermode", "closest"}};
    figure.variants.push_back({beta_text(outcome.beta), Json::array({tree, marks}), layout, {}});
  }
  return figure;
}

}  // namespace regard::particles
