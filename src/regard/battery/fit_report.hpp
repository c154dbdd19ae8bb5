// Fits of many cells: as a table, as JSON lines, and as a folder with CSV and a page.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "regard/base/json.hpp"
#include "regard/battery/curve.hpp"
#include "regard/battery/fit.hpp"
#include "regard/battery/knee.hpp"
#include "regard/report/document.hpp"
#include "regard/report/table.hpp"

namespace regard::battery {

/// The life at one threshold: of the fitted curve, and as measured (kMissing when the record ends
/// before).
struct FittedLife {
  Threshold threshold;
  Life life;
  double measured = kMissing;
};

struct FittedCell {
  Cell cell;
  std::string why;  // why it could not be fitted; then nothing below holds
  Fit fit;
  Knee knee;
  std::vector<FittedLife> lives;  // one for each threshold
};

/// Fits every cell. `thresholds` as parse_threshold takes them, at least one. A cell that has too
/// few cycles keeps its place with the reason; InputError when that holds for all.
std::vector<FittedCell> fit_cells(const std::vector<Cell>& cells,
                                  const std::vector<std::string>& thresholds,
                                  const FitOptions& options = {});

/// Those that could be fitted.
std::vector<const FittedCell*> fitted(const std::vector<FittedCell>& fits);

/// A row for each cell, with notes that say what the columns mean.
report::Table fit_table(const std::vector<FittedCell>& fits);

/// cell, A, A_low, A_high, B, ..., C, r2, life, life_low, life_high, life_state, measured_life,
/// knee_onset, knee_point, outliers (numbers of cycles that bend the fit), lives; for the first
/// threshold, `lives` has all. What is not known is null.
Json fit_json(const FittedCell& fit);

/// Measured and fitted curves, fitted against measured life, and the table.
report::Document fit_document(const std::vector<FittedCell>& fits, const std::string& title);

/// Writes fits.csv, curves.csv (cell, cycle, capacity, loss, fitted loss) and report.html.
void write_fits(const std::vector<FittedCell>& fits, const std::string& title,
                const std::filesystem::path& folder);

}  // namespace regard::battery
