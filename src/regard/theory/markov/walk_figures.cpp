// log m against log t with the predicted slopes, and the simplex of three tokens.
#include <algorithm>
#include <cmath>

#include "regard/base/json.hpp"
#include "regard/theory/markov/walk_report.hpp"

namespace regard::markov {
namespace {

constexpr const char* kColours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00",
                                    "#56B4E9", "#8C6D31", "#5F4B8B", "#000000", "#7F7F7F"};
const char* colour(int64_t i) {
  return kColours[static_cast<std::size_t>(i) % std::size(kColours)];
}
double rounded(double value) { return std::round(value * 1e6) / 1e6; }

Json line(const std::vector<double>& x, const std::vector<double>& y, const std::string& name,
          const char* ink, const char* dash) {
  return {{"type", "scatter"},
          {"mode", "lines"},
          {"name", name},
          {"x", x},
          {"y", y},
          {"line", {{"color", ink}, {"width", 2}, {"dash", dash}}},
          {"hovertemplate", name + ": t = %{x:.3g}, m = %{y:.3g}<extra></extra>"}};
}

/// The mean shares given one winner, with dashed lines of the predicted slope through the end.
report::Variant decay(const WalkResult& result, int64_t winner, const WinnerSums& sums) {
  constexpr int64_t kMostLines = 10;
  const auto& e = result.ensemble;
  const auto n = static_cast<std::size_t>(e.outcomes);
  const bool windowed = result.spec.rules.reach() > 0;
  const Equilibrium* end = nullptr;
  for (const auto& one : result.ends) {
    if (one.m[static_cast<std::size_t>(winner)] > 0) end = &one;
  }
  Json data = Json::array(), notes = Json::array();
  for (int64_t i = 0; i < std::min(e.outcomes, kMostLines); ++i) {
    std::vector<double> x, y;
    for (std::size_t s = 0; s < e.times.size(); ++s) {
      const auto place = s * n + static_cast<std::size_t>(i);
      const auto runs = static_cast<double>(sums.runs);
      const double m =
          windowed ? sums.mass[place] / runs
                   : std::exp(sums.log_count[place] / runs) / static_cast<double>(e.times[s]);
      if (!(m > 0)) continue;
      x.push_back(static_cast<double>(e.times[s]));
      y.push_back(m);
    }
    if (x.empty()) continue;
    const auto label = result.chain.label(i);
    data.push_back(line(x, y, label, colour(i), "solid"));
    notes.push_back({{"x", std::log10(x.back())},
                     {"y", std::log10(y.back())},
                     {"text", label},
                     {"showarrow", false},
                     {"xanchor", "left"},
                     {"xshift", 4},
                     {"font", {{"color", colour(i)}}}});
    if (end == nullptr || end->m[static_cast<std::size_t>(i)] > 0) continue;
    const double lambda = end->lambda[static_cast<std::size_t>(i)];
    const double from = std::max(x.front(), x.back() / 1000);
    data.push_back(line({from, x.back()},
                        {y.back() * std::pow(from / x.back(), lambda - 1), y.back()},
                        label + ", predicted slope", colour(i), "dash"));
  }
  Json layout = {{"xaxis", {{"title", {{"text", "tokens t"}}}, {"type", "log"}}},
                 {"yaxis", {{"title", {{"text", "share m of the context"}}}, {"type", "log"}}},
                 {"annotations", notes},
                 {"hovermode", "closest"}};
  return {"winner " + result.chain.label(winner), data, layout, {}};
}

struct Place {
  double x, y;
};
Place place(double a, double b, double c) {
  const double total = a + b + c;
  return {rounded((b + 0.5 * c) / total), rounded(0.8660254 * c / total)};
}

}  // namespace

report::Figure decay_figure(const WalkResult& result) {
  report::Figure figure{
      "decay",
      "The share of each token, its geometric mean over the walks that one token won (of a window, "
      "the "
      "mean). Dashed: the predicted slope, t to the power λ − 1, through the end.",
      "Shares of tokens against the number of tokens, both on logarithmic axes",
      {}};
  std::vector<std::pair<int64_t, const WinnerSums*>> order;
  for (const auto& [winner, sums] : result.ensemble.winners) order.emplace_back(winner, &sums);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second->runs > b.second->runs; });
  constexpr std::size_t kMostVariants = 6;
  for (std::size_t v = 0; v < std::min(order.size(), kMostVariants); ++v)
    figure.variants.push_back(decay(result, order[v].first, *order[v].second));
  return figure;
}

report::Figure simplex_figure(const WalkResult& result) {
  report::Figure figure{
      "simplex",
      "Paths of the first walks from the prompt's point, in the colour of the token "
      "that leads at the end. Rings: stable ends by theory.",
      "Walks on the triangle of the shares of three tokens",
      {}};
  const auto& e = result.ensemble;
  if (e.outcomes != 3 || e.kept == 0) return figure;
  Json data = Json::array();
  const auto corner_a = place(1, 0, 0), corner_b = place(0, 1, 0), corner_c = place(0, 0, 1);
  data.push_back({{"type", "scatter"},
                  {"mode", "lines"},
                  {"x", {corner_a.x, corner_b.x, corner_c.x, corner_a.x}},
                  {"y", {corner_a.y, corner_b.y, corner_c.y, corner_a.y}},
                  {"hoverinfo", "skip"},
                  {"line", {{"color", "#9aa3ad"}, {"width", 1.5}}}});
  const auto times = e.times.size();
  for (int64_t r = 0; r < e.kept; ++r) {
    std::vector<double> x, y;
    const double* path = e.paths.data() + static_cast<std::size_t>(r) * times * 3;
    for (std::size_t s = 0; s < times; ++s) {
      const auto at = place(path[3 * s], path[3 * s + 1], path[3 * s + 2]);
      x.push_back(at.x);
      y.push_back(at.y);
    }
    const auto* last = path + 3 * (times - 1);
    const auto leads = std::max_element(last, last + 3) - last;
    data.push_back({{"type", "scatter"},
                    {"mode", "lines"},
                    {"x", x},
                    {"y", y},
                    {"opacity", 0.55},
                    {"hoverinfo", "skip"},
                    {"line", {{"color", colour(leads)}, {"width", 1.3}}}});
  }
  std::vector<double> x, y;
  for (const auto& end : result.ends) {
    const auto at = place(end.m[0], end.m[1], end.m[2]);
    x.push_back(at.x);
    y.push_back(at.y);
  }
  data.push_back({{"type", "scatter"},
                  {"mode", "markers"},
                  {"x", x},
                  {"y", y},
                  {"hoverinfo", "skip"},
                  {"cliponaxis", false},
                  {"marker",
                   {{"color", "#1c2127"},
                    {"size", 13},
                    {"symbol", "circle-open"},
                    {"line", {{"width", 2}}}}}});
  Json notes = Json::array();
  const Place corners[] = {corner_a, corner_b, corner_c};
  for (int64_t i = 0; i < 3; ++i) {
    const auto& at = corners[i];
    notes.push_back({{"x", at.x},
                     {"y", at.y},
                     {"text", result.chain.label(i)},
                     {"showarrow", false},
                     {"yshift", i == 2 ? 16 : -16},
                     {"font", {{"color", colour(i)}, {"size", 15}}}});
  }
  Json layout = {{"axes", false},
                 {"xaxis", {{"range", {-0.08, 1.08}}}},
                 {"yaxis", {{"range", {-0.12, 1.0}}, {"scaleanchor", "x"}}},
                 {"annotations", notes},
                 {"hovermode", "closest"}};
  figure.variants.push_back({"shares", data, layout, {}});
  return figure;
}

}  // namespace regard::markov
