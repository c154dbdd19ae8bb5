// The moving picture: the points on the circle, on the sphere, or seen along the main axes of the
// start.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numbers>
#include <numeric>

#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/theory/particles/clusters.hpp"
#include "regard/theory/particles/report.hpp"

namespace regard::particles {
namespace {

constexpr int64_t kMostColours = 7;

double rounded(double value) { return std::round(value * 1e5) / 1e5; }

/// The two directions in which the start varies most, by powers of the second moments.
std::vector<std::vector<double>> main_axes(const Cloud& start) {
  std::vector<std::vector<double>> axes;
  const int64_t d = start.dim;
  for (int64_t a = 0; a < 2; ++a) {
    std::vector<double> axis(static_cast<std::size_t>(d), 1e-3);
    axis[static_cast<std::size_t>(a)] = 1;
    for (int round = 0; round < 100; ++round) {
      std::vector<double> next(static_cast<std::size_t>(d), 0.0);
      for (int64_t i = 0; i < start.size(); ++i) {
        double along = 0;
        for (int64_t c = 0; c < d; ++c) along += axis[c] * start.row(i)[c];
        for (int64_t c = 0; c < d; ++c) next[c] += start.mass[i] * along * start.row(i)[c];
      }
      for (const auto& other : axes) {
        double along = 0;
        for (int64_t c = 0; c < d; ++c) along += next[c] * other[c];
        for (int64_t c = 0; c < d; ++c) next[c] -= along * other[c];
      }
      if (!normalise(next.data(), d)) break;
      axis = next;
    }
    axes.push_back(axis);
  }
  return axes;
}

std::vector<std::vector<double>> view_axes(const Cloud& start) {
  if (start.dim > 3) return main_axes(start);
  std::vector<std::vector<double>> axes;
  for (int64_t a = 0; a < start.dim; ++a) {
    axes.emplace_back(static_cast<std::size_t>(start.dim), 0.0);
    axes.back()[static_cast<std::size_t>(a)] = 1;
  }
  return axes;
}

Json coordinates(const std::vector<double>& rows, int64_t dim,
                 const std::vector<std::vector<double>>& axes) {
  static const char* const names[] = {"x", "y", "z"};
  Json data = Json::object();
  for (std::size_t a = 0; a < axes.size(); ++a) {
    std::vector<double> values;
    for (std::size_t i = 0; i < rows.size(); i += static_cast<std::size_t>(dim)) {
      values.push_back(rounded(std::inner_product(axes[a].begin(), axes[a].end(),
                                                  rows.begin() + static_cast<long>(i), 0.0)));
    }
    data[names[a]] = values;
  }
  return data;
}

std::string frame_name(const Moment& moment, int64_t clusters) {
  const std::string count = std::to_string(clusters) + (clusters == 1 ? " cluster" : " clusters");
  if (!std::isfinite(moment.log_t)) {
    if (moment.arc == 0) return "start, " + count;
    return formatted(moment.arc, "arc / log β = %.4f, ") + count;
  }
  return formatted(moment.log_t, "log t = %.3f, ") + count;
}

/// A colour for each point: by its cluster when that many were left that lived longest.
std::vector<std::string> colours(const Spec& spec, const Cloud& start, const Outcome& outcome) {
  int64_t count = 1;
  double longest = 0;
  for (const auto& life : lives(outcome)) {
    if (!std::isfinite(life.from) || life.clusters > kMostColours || life.clusters < 2) continue;
    if (life.to - life.from > longest) {
      longest = life.to - life.from;
      count = life.clusters;
    }
  }
  const auto groups = groups_at(start, spec.close_gap(outcome.beta), outcome.trace, count);
  std::vector<std::string> names;
  std::map<int64_t, std::string> colour;
  for (int64_t i = 0; i < kMostColours; ++i) names.push_back(std::to_string(i));
  const auto marks = report::marks(names);
  const int64_t n = start.size(), every = (n + kMostDrawn - 1) / kMostDrawn;
  std::vector<std::string> result;
  for (const auto group : groups)
    colour.emplace(group, marks.at(names[colour.size() % names.size()]).colour);
  for (int64_t i = 0; i < n; i += every) result.push_back(colour.at(groups[i]));
  return result;
}

Json ring(const std::vector<std::vector<double>>& points) {
  static const char* const names[] = {"x", "y", "z"};
  Json trace = {{"type", points[0].size() == 3 ? "scatter3d" : "scatter"},
                {"mode", "lines"},
                {"hoverinfo", "skip"},
                {"line", {{"color", "#c3c9d0"}, {"width", 1.5}}}};
  for (std::size_t a = 0; a < points[0].size(); ++a) {
    std::vector<double> values;
    for (const auto& point : points) values.push_back(rounded(point[a]));
    trace[names[a]] = values;
  }
  return trace;
}

void add_sphere(Json& data) {
  constexpr int kPoints = 60;
  const auto circle = [&](auto place) {
    std::vector<std::vector<double>> points;
    for (int i = 0; i <= kPoints; ++i) points.push_back(place(2 * std::numbers::pi * i / kPoints));
    data.push_back(ring(points));
  };
  for (int k = 0; k < 6; ++k) {
    const double turn = std::numbers::pi * k / 6;
    circle([&](double a) {
      return std::vector<double>{std::cos(a) * std::cos(turn), std::cos(a) * std::sin(turn),
                                 std::sin(a)};
    });
  }
  for (const double height : {-0.5, 0.0, 0.5}) {
    const double radius = std::sqrt(1 - height * height);
    circle([&](double a) {
      return std::vector<double>{radius * std::cos(a), radius * std::sin(a), height};
    });
  }
}

void add_circle(Json& data) {
  std::vector<std::vector<double>> points;
  for (int i = 0; i <= 180; ++i) {
    const double angle = std::numbers::pi * i / 90;
    points.push_back({std::cos(angle), std::sin(angle)});
  }
  data.push_back(ring(points));
}

Json layout_of(std::size_t axes) {
  if (axes == 3) {
    const Json none = {{"visible", false}, {"range", {-1.05, 1.05}}};
    return {{"axes", false},
            {"hovermode", "closest"},
            {"scene",
             {{"xaxis", none},
              {"yaxis", none},
              {"zaxis", none},
              {"aspectmode", "cube"},
              {"camera", {{"eye", {{"x", 1.1}, {"y", 1.1}, {"z", 0.7}}}}}}}};
  }
  return {{"axes", false},
          {"hovermode", "closest"},
          {"xaxis", {{"range", {-1.15, 1.15}}, {"scaleanchor", "y"}}},
          {"yaxis", {{"range", {-1.15, 1.15}}}}};
}

}  // namespace

std::vector<int64_t> groups_at(const Cloud& start, double close_gap, const Trace& trace,
                               int64_t clusters) {
  auto group = components(start, close_gap);
  // Labels become names: the first particle of each group.
  std::vector<int64_t> first;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (static_cast<std::size_t>(group[i]) == first.size())
      first.push_back(static_cast<int64_t>(i));
    group[i] = first[static_cast<std::size_t>(group[i])];
  }
  std::vector<int64_t> parent(group.size());
  std::iota(parent.begin(), parent.end(), int64_t{0});
  const auto name = [&](int64_t i) {
    while (parent[i] != i) i = parent[i];
    return i;
  };
  for (const auto& event : trace.events) {
    if (event.kind != Event::Kind::kMerge) continue;
    if (static_cast<int64_t>(event.masses.size()) < clusters) break;
    parent[name(event.joined[1])] = name(event.joined[0]);
  }
  for (auto& g : group) g = name(g);
  return group;
}

report::Figure motion_figure(const Spec& spec, const Cloud& start,
                             const std::vector<Outcome>& all) {
  const auto axes = view_axes(start);
  report::Figure figure{"particles", "", "", {}};
  figure.description = "The particles on the sphere as time goes on; the slider chooses the time";
  figure.caption = start.dim > 3
                       ? "Seen along the two main axes of the start; the rim is the sphere's."
                       : "The slider goes through log t, in steps of equal motion.";
  for (const auto& outcome : all) {
    const auto& frames = outcome.trace.frames;
    if (frames.empty()) continue;
    Json points = coordinates(frames.front().x, start.dim, axes);
    points["type"] = axes.size() == 3 ? "scatter3d" : "scatter";
    points["mode"] = "markers";
    points["hoverinfo"] = "skip";
    points["marker"] = {{"size", axes.size() == 3 ? 4 : 9},
                        {"color", colours(spec, start, outcome)},
                        {"line", {{"color", "#ffffff"}, {"width", axes.size() == 3 ? 0 : 1}}}};
    Json data = Json::array({points});
    axes.size() == 3 ? add_sphere(data) : add_circle(data);
    report::Variant variant{beta_text(outcome.beta), data, layout_of(axes.size()), {}};
    for (const auto& frame : frames) {
      variant.frames.push_back({frame_name(frame.moment, frame.clusters),
                                Json::array({coordinates(frame.x, start.dim, axes)})});
    }
    figure.variants.push_back(std::move(variant));
  }
  return figure;
}

}  // namespace regard::particles
