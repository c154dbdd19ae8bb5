// Final quality against what it costs.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "regard/report/figures.hpp"
#include "regard/report/palette.hpp"
#include "regard/report/table.hpp"

namespace regard::report {
namespace {

constexpr double kMebi = 1024.0 * 1024.0;
constexpr double kLogBeyond = 8;  // a cost that spans more than this factor gets a logarithmic axis

struct Dot {
  std::string phrase;
  double x, x_low, x_high, y, half;
};

struct Axis {
  double low, high;
  bool log;
  double place(double v) const { return ((log ? std::log10(v) : v) - low) / (high - low); }
};

Axis axis_over(std::vector<double> values, bool may_be_log) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  Axis axis{*least, *most, may_be_log && *least > 0 && *most / *least > kLogBeyond};
  if (axis.log) {
    axis.low = std::log10(axis.low);
    axis.high = std::log10(axis.high);
  }
  const double span = axis.high - axis.low;
  const double pad = span > 0 ? 0.14 * span : std::max(1e-6, 0.1 * std::abs(axis.low));
  axis.low -= pad;
  axis.high += pad;
  return axis;
}

struct Box {
  double left, right, bottom, top;
  bool meets(const Box& b) const {
    return left < b.right && b.left < right && bottom < b.top && b.bottom < top;
  }
};

/// For each dot the side of its label that meets fewest other labels and dots, in Plotly's words.
std::vector<std::string> label_sides(const std::vector<Dot>& dots, const Axis& x, const Axis& y) {
  constexpr double kLetter = 0.017, kHeight = 0.055,
                   kDot = 0.016;  // of the frame, at about 450 x 300 pixels
  constexpr std::array kSides = {"middle right", "middle left", "top center", "bottom center"};
  std::vector<Box> taken;
  for (const auto& d : dots) {
    const double px = x.place(d.x), py = y.place(d.y);
    taken.push_back({px - kDot, px + kDot, py - kDot, py + kDot});
    if (d.half == d.half) {
      taken.push_back({px - 0.004, px + 0.004, y.place(d.y - d.half), y.place(d.y + d.half)});
    }
  }
  std::vector<std::string> sides;
  for (const auto& d : dots) {
    const double px = x.place(d.x), py = y.place(d.y);
    const double width = kLetter * display_width(d.phrase);
    const std::array<Box, 4> boxes = {{
        {px + 0.03, px + 0.03 + width, py - kHeight / 2, py + kHeight / 2},
        {px - 0.03 - width, px - 0.03, py - kHeight / 2, py + kHeight / 2},
        {px - width / 2, px + width / 2, py + 0.02, py + 0.02 + kHeight},
        {px - width / 2, px + width / 2, py - 0.02 - kHeight, py - 0.02},
    }};
    std::size_t best = 0;
    int fewest = std::numeric_limits<int>::max();
    for (std::size_t s = 0; s < boxes.size(); ++s) {
      int met = boxes[s].left < 0 || boxes[s].right > 1 || boxes[s].bottom < 0 || boxes[s].top > 1
                    ? 10
                    : 0;
      for (const auto& t : taken) met += boxes[s].meets(t) ? 1 : 0;
      if (met < fewest) {
        fewest = met;
        best = s;
      }
    }
    taken.push_back(boxes[best]);
    sides.emplace_back(kSides[best]);
  }
  return sides;
}

std::vector<Dot> dots_of(const Comparison& comparison, double Run::*cost, double unit) {
  std::vector<Dot> dots;
  for (const auto& s : standings(comparison)) {
    std::vector<double> costs;
    for (const auto& run : comparison.runs) {
      if (run.phrase == s.phrase && run.finished && std::isfinite(run.*cost)) {
        costs.push_back(run.*cost / unit);
      }
    }
    if (costs.empty() || !std::isfinite(s.quality.centre)) continue;
    const auto [low, high] = std::minmax_element(costs.begin(), costs.end());
    dots.push_back({s.phrase, mean(costs), *low, *high, s.quality.centre, s.quality.half});
  }
  return dots;
}

Json front_trace(const std::vector<Dot>& dots, bool lower) {
  std::vector<double> x, y;
  for (const auto& d : dots) {
    x.push_back(d.x);
    y.push_back(lower ? d.y : -d.y);
  }
  Json line_x = Json::array(), line_y = Json::array();
  for (const auto i : pareto_front(x, y)) {
    line_x.push_back(dots[i].x);
    line_y.push_back(dots[i].y);
  }
  return {{"type", "scatter"},   {"mode", "lines"},
          {"x", line_x},         {"y", line_y},
          {"hoverinfo", "skip"}, {"line", {{"color", "#E3E7EC"}, {"width", 7}}}};
}

Json dot_trace(const Dot& d, const Mark& mark, const std::string& side, const std::string& format,
               const std::string& unit) {
  std::string hover = "<b>%{meta}</b><br>%{y:" + format + "}";
  const std::string gap = "\u00a0\u00a0";  // Plotly sets a label against its marker
  const auto label = side == "middle right"  ? gap + d.phrase
                     : side == "middle left" ? d.phrase + gap
                                             : d.phrase;
  Json trace = {{"type", "scatter"},
                {"mode", "markers+text"},
                {"x", {d.x}},
                {"y", {d.y}},
                {"text", {label}},
                {"textposition", side},
                {"cliponaxis", false},
                {"textfont", {{"size", 12}, {"color", mark.colour}}},
                {"meta", d.phrase},
                {"name", d.phrase},
                {"marker",
                 {{"color", mark.colour},
                  {"symbol", mark.symbol},
                  {"size", 10},
                  {"line", {{"color", mark.colour}, {"width", 2}}}}}};
  if (d.half == d.half) {
    trace["error_y"] = {
        {"type", "data"}, {"array", {d.half}}, {"color", mark.colour}, {"thickness", 1.3}};
    trace["customdata"] = Json::array({d.half});
    hover += " ± %{customdata:" + format + "}";
  }
  if (d.x_high > d.x_low) {
    trace["error_x"] = {{"type", "data"},
                        {"symmetric", false},
                        {"array", {d.x_high - d.x}},
                        {"arrayminus", {d.x - d.x_low}},
                        {"color", mark.colour},
                        {"thickness", 1.3}};
  }
  trace["hovertemplate"] = hover + "<br>%{x:.3~s} " + unit + "<extra></extra>";
  return trace;
}

Figure tradeoff(const Comparison& comparison, double Run::*cost, double unit,
                const std::string& word, const std::string& symbol) {
  Figure figure;
  const auto dots = dots_of(comparison, cost, unit);
  if (dots.size() < 2) return figure;
  const bool lower = lower_is_better(comparison);
  std::vector<double> xs, ys;
  for (const auto& d : dots) {
    xs.insert(xs.end(), {d.x_low, d.x_high});
    const double half = d.half == d.half ? d.half : 0;
    ys.insert(ys.end(), {d.y - half, d.y + half});
  }
  const auto x = axis_over(xs, true), y = axis_over(ys, false);
  const auto sides = label_sides(dots, x, y);
  const auto all_marks = marks(phrases(comparison));
  const std::string format = lower ? ".3f" : ".1%";
  Json data = Json::array({front_trace(dots, lower)});
  for (std::size_t i = 0; i < dots.size(); ++i) {
    data.push_back(dot_trace(dots[i], all_marks.at(dots[i].phrase), sides[i], format, symbol));
  }
  const std::string name = "validation " + comparison.measure.name;
  Json layout = {
      {"xaxis",
       {{"title", {{"text", word + " (" + symbol + ")"}}},
        {"range", {x.low, x.high}},
        {"type", x.log ? "log" : "linear"}}},
      {"yaxis",
       {{"title", {{"text", lower ? name + " (nats)" : name}}}, {"range", {y.low, y.high}}}},
      {"hovermode", "closest"}};
  if (x.log) layout["xaxis"]["dtick"] = "D2";
  if (!lower) layout["yaxis"]["tickformat"] = ".0%";
  figure.variants.push_back({name, data, layout});
  return figure;
}

std::string corner(const Comparison& comparison) {
  return lower_is_better(comparison) ? "Lower left is better." : "Upper left is better.";
}

}  // namespace

std::vector<std::size_t> pareto_front(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return x[a] != x[b] ? x[a] < x[b] : y[a] < y[b]; });
  std::vector<std::size_t> front;
  for (const auto i : order) {
    if (front.empty() || y[i] < y[front.back()]) front.push_back(i);
  }
  return front;
}

Figure quality_by_seconds(const Comparison& comparison) {
  auto figure = tradeoff(comparison, &Run::seconds, 1, "training time", "s");
  figure.id = "quality-seconds";
  figure.caption = "Against time. " + corner(comparison);
  figure.description = "Final quality of each phrase against its training time";
  return figure;
}

Figure quality_by_memory(const Comparison& comparison) {
  auto figure = tradeoff(comparison, &Run::peak_memory_bytes, kMebi, "peak memory", "MiB");
  figure.id = "quality-memory";
  figure.caption = "Against memory. " + corner(comparison);
  figure.description = "Final quality of each phrase against its peak memory";
  return figure;
}

Figure quality_by_edges(const Comparison& comparison) {
  auto figure = tradeoff(comparison, &Run::edges_per_query, 1, "keys a query", "edges");
  figure.id = "quality-edges";
  figure.caption = "Against edges. " + corner(comparison);
  figure.description = "Final quality of each phrase against the keys that a query keeps";
  return figure;
}

}  // namespace regard::report
