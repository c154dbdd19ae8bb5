// The page of `battery fit`: measured and fitted curves, fitted against measured life, the table.
#include <algorithm>
#include <cmath>

#include "regard/base/json.hpp"
#include "regard/battery/fit_report.hpp"

namespace regard::battery {
namespace {

std::string summary_sentence(const std::vector<FittedCell>& fits) {
  const auto good = fitted(fits);
  const FittedCell* worst = nullptr;
  double sum = 0;
  int64_t count = 0;
  for (const auto* fit : good) {
    if (std::isnan(fit->fit.r2)) continue;
    sum += fit->fit.r2;
    ++count;
    if (worst == nullptr || fit->fit.r2 < worst->fit.r2) worst = fit;
  }
  std::string text =
      std::to_string(good.size()) + (good.size() == 1 ? " cell" : " cells") + " fitted";
  if (worst != nullptr) {
    text += ": mean R² " + report::fixed(sum / static_cast<double>(count), 4) + ", smallest " +
            report::fixed(worst->fit.r2, 4) + " (" + worst->cell.name + ")";
  }
  if (good.size() < fits.size())
    text += "; " + std::to_string(fits.size() - good.size()) + " could not be fitted";
  return text + ".";
}

/// Every k-th index, and the last, so that at most `most` are left.
std::vector<std::size_t> thinned(std::size_t n, std::size_t most) {
  std::vector<std::size_t> kept;
  const std::size_t step = std::max<std::size_t>(1, (n + most - 1) / most);
  for (std::size_t i = 0; i < n; i += step) kept.push_back(i);
  if (!kept.empty() && kept.back() != n - 1) kept.push_back(n - 1);
  return kept;
}

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

report::Figure curve_figure(const std::vector<const FittedCell*>& fits,
                            const std::map<std::string, report::Mark>& marks) {
  Json data = Json::array();
  for (const auto* fit : fits) {
    const auto& mark = marks.at(fit->cell.name);
    std::vector<double> x, y, fit_x, fit_y;
    for (const auto i : thinned(fit->cell.cycles(), 200)) {
      x.push_back(static_cast<double>(fit->cell.cycle[i]));
      y.push_back(rounded(fit->cell.loss(i)));
    }
    const double first = static_cast<double>(fit->fit.first_cycle),
                 last = static_cast<double>(fit->fit.last_cycle);
    for (int i = 0; i <= 60; ++i) {
      fit_x.push_back(std::round(first + (last - first) * i / 60));
      fit_y.push_back(rounded(fit->fit.curve.loss(fit_x.back())));
    }
    const auto trace = [&](const char* kind, const std::vector<double>& xs,
                           const std::vector<double>& ys, Json line) {
      return Json{{"type", "scatter"},
                  {"mode", "lines"},
                  {"x", xs},
                  {"y", ys},
                  {"line", line},
                  {"name", fit->cell.name},
                  {"meta", fit->cell.name},
                  {"hovertemplate",
                   fit->cell.name + ", " + kind + ": %{y:.2%} at cycle %{x}<extra></extra>"}};
    };
    data.push_back(
        trace("measured", x, y, {{"color", report::translucent(mark.colour, 0.45)}, {"width", 3}}));
    data.push_back(
        trace("fitted", fit_x, fit_y, {{"color", mark.colour}, {"width", 1.5}, {"dash", "dot"}}));
  }
  // One spike must not press all curves flat: the frame follows the fits.
  double high = 0.01;
  for (const auto* fit : fits)
    high = std::max(high, fit->fit.curve.loss(static_cast<double>(fit->fit.last_cycle)));
  const Json layout = {{"xaxis", {{"title", {{"text", "cycle"}}}, {"rangemode", "tozero"}}},
                       {"yaxis",
                        {{"title", {{"text", "capacity loss"}}},
                         {"tickformat", ".0%"},
                         {"range", {-0.02, std::min(1.0, 1.15 * high)}}}},
                       {"hovermode", "closest"}};
  return {"fit-curves",
          "Thick: measured. Dotted: fitted.",
          "Capacity loss against cycles, measured and fitted, for each cell",
          {{"loss", data, layout}}};
}

report::Figure parity_figure(const std::vector<const FittedCell*>& fits) {
  report::Figure figure{"fit-parity",
                        "Fitted against measured life. The line: equal.",
                        "Fitted life against measured life, one point a cell",
                        {}};
  for (std::size_t t = 0; !fits.empty() && t < fits[0]->lives.size(); ++t) {
    std::vector<double> x, y;
    std::vector<std::string> names;
    for (const auto* fit : fits) {
      const auto& life = fit->lives[t];
      if (std::isnan(life.measured) || !life.life.known()) continue;
      x.push_back(life.measured);
      y.push_back(rounded(life.life.cycle));
      names.push_back(fit->cell.name);
    }
    if (x.size() < 2) continue;
    const double low = *std::min_element(x.begin(), x.end()),
                 high = *std::max_element(x.begin(), x.end());
    const Json data = {
        {{"type", "scatter"},
         {"mode", "lines"},
         {"x", {low, high}},
         {"y", {low, high}},
         {"line", {{"color", "#9aa3ad"}, {"width", 1}}},
         {"hoverinfo", "skip"}},
        {{"type", "scatter"},
         {"mode", "markers"},
         {"x", x},
         {"y", y},
         {"text", names},
         {"marker", {{"color", "#0072B2"}, {"size", 7}, {"opacity", 0.8}}},
         {"hovertemplate", "%{text}: measured %{x}, fitted %{y:.0f}<extra></extra>"}}};
    const Json layout = {{"xaxis", {{"title", {{"text", "measured life (cycles)"}}}}},
                         {"yaxis", {{"title", {{"text", "fitted life (cycles)"}}}}},
                         {"hovermode", "closest"}};
    figure.variants.push_back({fits[0]->lives[t].threshold.text, data, layout});
  }
  return figure;
}

}  // namespace

report::Document fit_document(const std::vector<FittedCell>& fits, const std::string& title) {
  const auto good = fitted(fits);
  std::vector<std::string> names;
  for (const auto* fit : good) names.push_back(fit->cell.name);
  const auto marks = report::marks(names);
  report::Document document;
  document.kicker = "Regard · capacity-loss curves";
  document.title = title;
  document.scope = "loss = exp(A) (cycle - 1)^B + C, fitted cell by cell";
  document.sentence = summary_sentence(fits);
  for (const auto& fit : fits) {
    if (!fit.why.empty()) document.remarks.push_back("Left out: " + fit.why + ".");
  }
  report::Block curves;
  curves.heading = "Curves and lives";
  curves.figures = {curve_figure(good, marks), parity_figure(good)};
  constexpr std::size_t kMostButtons = 24;
  if (names.size() <= kMostButtons) {
    curves.legend = names;
    curves.marks = marks;
  }
  report::Block results;
  results.heading = "Every cell";
  results.table = fit_table(fits);
  document.blocks = {curves, results};
  return document;
}

}  // namespace regard::battery
