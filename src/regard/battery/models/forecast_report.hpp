// Forecasts as a table, as JSON lines and as files.
#pragma once

#include "regard/base/json.hpp"
#include "regard/battery/models/forecaster.hpp"
#include "regard/report/table.hpp"

namespace regard::battery {

/// InputError with the reason of the first cell when no cell could be forecast.
void require_any(const std::vector<Forecast>& forecasts);

/// A row for each cell that could be forecast; notes say what the columns mean and what was left
/// out.
report::Table forecast_table(const std::vector<Forecast>& forecasts);

/// cell, mode (curves or capacity), cycles, life, life_low, life_high, life_state, A, B, C,
/// distance, in_distribution, curve {cycle, loss, low, high}; or cell and why.
Json forecast_json(const Forecast& forecast);

/// predictions.csv, curves.csv (cell, cycle, loss, low, high) and predictions.jsonl.
void write_forecasts(const std::vector<Forecast>& forecasts, const std::filesystem::path& folder);

}  // namespace regard::battery
