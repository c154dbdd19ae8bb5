// `regard battery train`: every model side by side on the Severson set, our bands, and other
// chemistries.
//
// Choices are made on the 41 training cells alone; each model is looked at on the tests once, and
// counted.
#pragma once

#include <filesystem>
#include <functional>

#include "regard/base/json.hpp"
#include "regard/battery/models/forecaster.hpp"
#include "regard/battery/models/scores.hpp"
#include "regard/battery/models/study_spec.hpp"
#include "regard/battery/models/validation.hpp"
#include "regard/battery/severson.hpp"

namespace regard::battery {

using Progress = std::function<void(const std::string& now)>;

/// The cells of one split, as examples and as records.
struct CellSet {
  Examples examples;
  std::vector<Cell> cells;  // in the order of `examples`
  std::vector<Cell>
      curves;  // with whole measured curves: all but b2c1; of the secondary set, 22 estimated ones
};

struct StudyData {
  Severson severson;
  std::filesystem::path folder;
  /// The set as it looks after n cycles.
  CellSet at(Split split, int64_t n) const;

 private:
  mutable std::map<int64_t, Examples> examples_;
};

/// A model of the table.
struct Entry {
  std::string name, label;
  MakeModel make;
};
std::vector<Entry> study_entries(const StudySpec& spec);
/// Routes to fewer cycles, which are compared at spec.compare_at: features of the whole record
/// instead of two cycles, several pairs of cycles, lives kept near those of training, and a mean
/// with our model.
std::vector<Entry> short_entries(const StudySpec& spec);

/// One row of the table: per seed, RMSE, MAPE, curve error and crossings on each set;
/// cross-validated RMSE on the training cells; seconds.
Json study_entry(const Entry& entry, const StudySpec& spec, const StudyData& data);

/// Our model for one number of early cycles with its calibration, ready to forecast.
Horizon train_horizon(const StudySpec& spec, const StudyData& data, int64_t n);

/// Forecasts of the test cells with bands; coverage of lives and curves, reliability, policies.
Json study_bands(const StudySpec& spec, const StudyData& data, const Horizon& horizon);

/// Capacity-only forecasts of the cells of other chemistries, from 100 and from 200 cycles.
Json study_other(const StudySpec& spec, const StudyData& data);

/// The whole study: writes results.json, model.json, cycles<n>.safetensors, recipe.toml and
/// report.html to spec.out.
Json run_study(const StudySpec& spec, const Progress& progress);

}  // namespace regard::battery
