#include "regard/battery/fit_report.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"

namespace regard::battery {
namespace {

using report::Json;

std::string percent(double loss) { return report::fixed(100 * loss, loss < 0.1 ? 1 : 0) + " %"; }

std::vector<const FittedCell*> fitted(const std::vector<FittedCell>& fits) {
  std::vector<const FittedCell*> good;
  for (const auto& fit : fits) {
    if (fit.why.empty()) good.push_back(&fit);
  }
  return good;
}

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

report::Cell life_cell(const Life& life) {
  return life.known() ? report::number(life.cycle, 0) : report::word(to_text(life.reach));
}

void add_life_columns(const FittedLife& life, bool first, report::Table& table) {
  const auto key = first ? std::string("life") : "life_" + life.threshold.text;
  const auto name = "life at " + life.threshold.text;
  table.columns.push_back({key, name, "cycles"});
  table.columns.push_back({key + "_low", "from", ""});
  table.columns.push_back({key + "_high", "to", ""});
  table.columns.push_back({key + "_measured", "measured", "cycles"});
}

std::vector<report::Cell> table_row(const FittedCell& fit) {
  const auto& f = fit.fit;
  std::vector<report::Cell> row = {report::word(fit.cell.name),
                                   report::number(static_cast<double>(f.used), 0),
                                   report::interval({f.curve.a, f.a_half, 2}, 2),
                                   report::interval({f.curve.b, f.b_half, 2}, 2),
                                   report::number(f.curve.c, 4),
                                   report::number(f.r2, 4)};
  for (const auto& life : fit.lives) {
    row.push_back(life_cell(life.life));
    row.push_back(report::number(life.life.low, 0));
    row.push_back(report::number(life.life.high, 0));
    row.push_back(report::number(life.measured, 0));
  }
  row.push_back(report::number(fit.knee.onset, 0));
  row.push_back(report::number(fit.knee.point, 0));
  return row;
}

bool any_undefined(const FittedCell& fit) {
  return std::any_of(fit.lives.begin(), fit.lives.end(),
                     [](const FittedLife& life) { return life.life.reach == Reach::kUndefined; });
}

std::vector<std::string> table_notes(const std::vector<FittedCell>& fits) {
  std::vector<std::string> notes;
  const auto good = fitted(fits);
  for (const auto* fit : good) {
    if (!fit->fit.rises) {
      notes.push_back(fit->cell.name +
                      ": the curve explains nothing of the record, which does not rise above its "
                      "first cycle; A and B mean nothing.");
    } else if (!fit->fit.converged) {
      notes.push_back(fit->cell.name + ": the fit has not converged; take it as a start.");
    }
  }
  for (const auto& life : good[0]->lives) {
    notes.push_back("life at " + life.threshold.text + ": the cycle at which the fitted loss is " +
                    percent(life.threshold.loss) +
                    ", with its 95 % interval; measured: the first cycle beyond it.");
  }
  if (std::any_of(good.begin(), good.end(),
                  [](const FittedCell* fit) { return any_undefined(*fit); })) {
    notes.push_back(
        "undefined: the loss C at the first cycle is already at the threshold; is the nominal "
        "capacity right?");
  }
  notes.push_back(
      "loss = exp(A) (cycle - 1)^B + C. C is measured at the first cycle after cycle 1; ± is half "
      "of the 95 % interval for correlated residuals.");
  for (const auto& fit : fits) {
    if (!fit.why.empty()) notes.push_back("left out: " + fit.why + ".");
  }
  return notes;
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

std::string curves_csv(const std::vector<const FittedCell*>& fits) {
  std::string csv = "cell,cycle,capacity_ah,loss,fitted_loss\n";
  for (const auto* fit : fits) {
    for (std::size_t i = 0; i < fit->cell.cycles(); ++i) {
      const auto cycle = fit->cell.cycle[i];
      csv += fit->cell.name + "," + std::to_string(cycle) + "," +
             shortest(fit->cell.capacity_ah[i]) + "," + shortest(fit->cell.loss(i)) + "," +
             (cycle < fit->fit.first_cycle
                  ? ""
                  : shortest(fit->fit.curve.loss(static_cast<double>(cycle)))) +
             "\n";
    }
  }
  return csv;
}

Json life_json(const FittedLife& life) {
  return {{"threshold", life.threshold.loss},
          {"life", life.life.cycle},
          {"life_low", life.life.low},
          {"life_high", life.life.high},
          {"life_state", to_text(life.life.reach)},
          {"measured_life", life.measured}};
}

}  // namespace

std::vector<FittedCell> fit_cells(const std::vector<Cell>& cells,
                                  const std::vector<std::string>& thresholds,
                                  const FitOptions& options) {
  if (thresholds.empty()) throw InputError("fit: at least one threshold was expected");
  std::vector<FittedCell> fits;
  for (const auto& cell : cells) {
    FittedCell fitted;
    fitted.cell = cell;
    for (const auto& text : thresholds)
      fitted.lives.push_back({parse_threshold(text, cell.nominal_ah), {}, kMissing});
    try {
      fitted.fit = fit_curve(cell, options);
      fitted.knee = find_knee(cell);
      for (auto& life : fitted.lives) {
        life.life = fitted.fit.life(life.threshold.loss);
        life.measured = measured_life(cell, life.threshold.loss);
      }
    } catch (const InputError& error) {
      fitted.why = error.what();
    }
    fits.push_back(std::move(fitted));
  }
  if (fits.empty()) throw InputError("fit: cells were expected, and there is none");
  if (fitted(fits).empty()) throw InputError(fits[0].why);
  return fits;
}

report::Table fit_table(const std::vector<FittedCell>& fits) {
  report::Table table;
  table.columns = {{"cell", "cell", "", report::Align::kLeft},
                   {"cycles", "cycles", ""},
                   {"A", "A", ""},
                   {"B", "B", ""},
                   {"C", "C", ""},
                   {"r2", "R²", ""}};
  const auto good = fitted(fits);
  for (std::size_t t = 0; t < good[0]->lives.size(); ++t)
    add_life_columns(good[0]->lives[t], t == 0, table);
  table.columns.push_back({"knee_onset", "knee onset", ""});
  table.columns.push_back({"knee_point", "knee", ""});
  for (const auto* fit : good) table.rows.push_back(table_row(*fit));
  table.notes = table_notes(fits);
  return table;
}

nlohmann::ordered_json fit_json(const FittedCell& fit) {
  Json out = {{"cell", fit.cell.name}, {"nominal_ah", fit.cell.nominal_ah}};
  if (!fit.why.empty()) {
    out["why"] = fit.why;
    return out;
  }
  const auto& f = fit.fit;
  out["cycles"] = f.used;
  out["first_cycle"] = f.first_cycle;
  out["last_cycle"] = f.last_cycle;
  out["spikes_dropped"] = f.dropped;
  out["A"] = f.curve.a;
  out["A_low"] = f.curve.a - f.a_half;
  out["A_high"] = f.curve.a + f.a_half;
  out["B"] = f.curve.b;
  out["B_low"] = f.curve.b - f.b_half;
  out["B_high"] = f.curve.b + f.b_half;
  out["C"] = f.curve.c;
  out["r2"] = f.r2;
  out["rmse"] = f.rmse;
  out["converged"] = f.converged;
  out.update(life_json(fit.lives[0]));
  out["knee_onset"] = fit.knee.onset;
  out["knee_point"] = fit.knee.point;
  out["lives"] = Json::array();
  for (const auto& life : fit.lives) out["lives"].push_back(life_json(life));
  return out;
}

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

void write_fits(const std::vector<FittedCell>& fits, const std::string& title,
                const std::filesystem::path& folder) {
  make_directory(folder);
  write_atomically(folder / "fits.csv", report::to_csv(fit_table(fits)));
  write_atomically(folder / "curves.csv", curves_csv(fitted(fits)));
  report::write_document(fit_document(fits, title), folder / "report.html");
}

}  // namespace regard::battery
