#include "regard/battery/fit_report.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/battery/spikes.hpp"

namespace regard::battery {
namespace {

std::string percent(double loss) { return report::fixed(100 * loss, loss < 0.1 ? 1 : 0) + " %"; }

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

/// Outliers that a fit with equal weights follows, and the flag that leaves them out; "" without
/// any.
std::string outlier_note(const FittedCell& fit) {
  const auto& off = fit.fit.off;
  if (off.empty()) return "";
  const auto& cell = fit.cell;
  const bool one = off.size() == 1;
  return cell.name + ": " +
         (one ? "cycle " : std::to_string(off.size()) + " cycles, the first cycle ") +
         std::to_string(cell.cycle[off[0]]) + " with " + shortest(cell.capacity_ah[off[0]]) +
         " Ah, " + (off[0] + 1 == cell.cycles() ? "the last of the record, " : "") +
         (one ? "lies" : "lie") + " more than " + percent(kCapacitySpike) +
         " of nominal off the neighbours and " + (one ? "bends" : "bend") +
         " the fit; --robust leaves such cycles out.";
}

std::vector<std::string> table_notes(const std::vector<FittedCell>& fits) {
  std::vector<std::string> notes;
  const auto good = fitted(fits);
  for (const auto* fit : good) {
    if (const auto note = outlier_note(*fit); !note.empty()) notes.push_back(note);
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

std::string curves_csv(const std::vector<const FittedCell*>& fits) {
  std::string csv = "cell,cycle,capacity_ah,loss,fitted_loss\n";
  for (const auto* fit : fits) {
    const auto name = report::csv_field(fit->cell.name);
    for (std::size_t i = 0; i < fit->cell.cycles(); ++i) {
      const auto cycle = fit->cell.cycle[i];
      csv += name + "," + std::to_string(cycle) + "," + shortest(fit->cell.capacity_ah[i]) + "," +
             shortest(fit->cell.loss(i)) + "," +
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

std::vector<const FittedCell*> fitted(const std::vector<FittedCell>& fits) {
  std::vector<const FittedCell*> good;
  for (const auto& fit : fits) {
    if (fit.why.empty()) good.push_back(&fit);
  }
  return good;
}

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

Json fit_json(const FittedCell& fit) {
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
  out["outliers"] = Json::array();
  for (const auto i : f.off) out["outliers"].push_back(fit.cell.cycle[i]);
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

void write_fits(const std::vector<FittedCell>& fits, const std::string& title,
                const std::filesystem::path& folder) {
  make_directory(folder);
  write_atomically(folder / "fits.csv", report::to_csv(fit_table(fits)));
  write_atomically(folder / "curves.csv", curves_csv(fitted(fits)));
  report::write_document(fit_document(fits, title), folder / "report.html");
}

}  // namespace regard::battery
