// Cells of other chemistries, of which capacities alone are known: how far a prior from LFP cells
// carries.
#include <algorithm>
#include <cmath>
#include <map>

#include "regard/base/error.hpp"
#include "regard/battery/csv.hpp"
#include "regard/battery/models/study.hpp"
#include "regard/battery/spikes.hpp"

namespace regard::battery {
namespace {

namespace fs = std::filesystem;

struct Source {
  const char* name;
  const char* chemistry;
  std::vector<std::string> files;
  const char* cell;   // column; "" : one cell a file
  const char* cycle;  // column
  const char* capacity;
};

std::vector<Source> sources() {
  return {{"XJTU", "NCM", {"pinn4soh_xjtu_capacity.csv"}, "cell", "row", "capacity_ah"},
          {"HUST", "LFP", {"pinn4soh_hust_capacity.csv"}, "cell", "row", "capacity_ah"},
          {"TJU", "NCA, NCM and both", {"pinn4soh_tju_capacity.csv"}, "cell", "row", "capacity_ah"},
          {"CALCE",
           "LCO",
           {"calce_CS2_35.csv", "calce_CS2_36.csv", "calce_CS2_37.csv", "calce_CS2_38.csv"},
           "",
           "cycle",
           "capacity"},
          {"NASA", "2 Ah 18650", {"nasa_pcoe_capacity.csv"}, "cell", "cycle", "capacity_ah"}};
}

/// The first capacity stands for 100 %: the files give no nominal capacity, and the cells of a file
/// differ.
void finish(Cell& cell) {
  if (cell.cycles() < 20) return;
  std::vector<double> first(cell.capacity_ah.begin(), cell.capacity_ah.begin() + 5);
  cell.nominal_ah = median(first);
  drop_spikes(cell);
  cell.life = measured_life(cell, kEndOfLife);
}

std::vector<Cell> read(const fs::path& folder, const Source& source) {
  std::vector<Cell> cells;
  for (const auto& file : source.files) {
    const CsvTable table(folder / file);
    const auto cycle = table.column(source.cycle), capacity = table.column(source.capacity);
    const auto name = *source.cell ? table.column(source.cell) : 0;
    const bool from_zero = std::string(source.cycle) == "row";
    for (std::size_t r = 0; r < table.rows(); ++r) {
      const auto cell = *source.cell ? table.text(r, name) : file;
      if (cells.empty() || cells.back().name != cell) {
        cells.push_back({});
        cells.back().name = cell;
      }
      const double ah = table.number(r, capacity);
      const auto number = table.whole(r, cycle) + (from_zero ? 1 : 0);
      if (!(ah > 0) || (!cells.back().cycle.empty() && number <= cells.back().cycle.back()))
        continue;
      cells.back().cycle.push_back(number);
      cells.back().capacity_ah.push_back(ah);
    }
  }
  for (auto& cell : cells) finish(cell);
  std::erase_if(cells, [](const Cell& cell) { return cell.cycles() < 20; });
  return cells;
}

Json forecast_all(const std::vector<Cell>& cells, const CapacityPrior& prior, int64_t n,
                  double level) {
  std::vector<double> errors;
  double known = 0, inside = 0, outside = 0, reached = 0, short_ones = 0;
  for (const auto& cell : cells) {
    if (cell.cycle.back() < n + 1) {
      ++short_ones;
      continue;
    }
    ++known;
    outside += prior.outside(cell, n);
    if (std::isnan(cell.life) || cell.life <= static_cast<double>(n)) continue;
    const auto posterior = prior.posterior(cell, n);
    ++reached;
    errors.push_back(100 * std::abs(posterior.life_quantile(0.5) / cell.life - 1));
    inside += posterior.life(level).holds(cell.life);
  }
  Json row = {{"n", n},
              {"cells", known},
              {"too_short", short_ones},
              {"reached", reached},
              {"outside", known > 0 ? Json(outside / known) : Json()}};
  row["median_error_percent"] = errors.empty() ? Json() : Json(median(errors));
  row["coverage"] = reached > 0 ? Json(inside / reached) : Json();
  return row;
}

}  // namespace

Json study_other(const StudySpec& spec, const StudyData& data) {
  Json rows = Json::array();
  if (!fs::is_directory(spec.other)) return rows;
  std::map<int64_t, CapacityPrior> priors;
  const auto train = data.at(Split::kTrain, spec.cycles.back());
  for (const int64_t n : {100, 200})
    priors[n] = CapacityPrior(train.examples, train.cells, n, spec.false_alarm);
  for (const auto& source : sources()) {
    if (!fs::exists(fs::path(spec.other) / source.files[0])) continue;
    const auto cells = read(spec.other, source);
    for (const auto& [n, prior] : priors) {
      auto row = forecast_all(cells, prior, n, spec.level);
      row["set"] = source.name;
      row["chemistry"] = source.chemistry;
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace regard::battery
