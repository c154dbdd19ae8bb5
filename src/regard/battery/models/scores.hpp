// What a set of estimates is worth, against measured lives and measured curves.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "regard/battery/models/model.hpp"

namespace regard::battery {

/// Losses whose crossing is scored.
inline constexpr std::array kCrossings = {0.05, 0.10, 0.15, 0.20};

struct Scores {
  double rmse = kMissing;  // of life, cycles
  double mape = kMissing;  // of life, %
  double curve_error =
      kMissing;  // mean over cells of mean |loss' - loss| over the life, % of nominal
  std::array<double, kCrossings.size()> crossing{};  // RMSE of the cycle of each crossing, cycles
  std::size_t lives = 0, curves = 0,
              undefined = 0;  // cells; undefined: without an estimate, left out of the means
};

/// `curves`: measured cells of the same names, where known (any order); a cell without one counts
/// for life alone.
/// Cells whose name is `without` are left out.
Scores score(const Examples& cells, const std::vector<Estimate>& estimates,
             const std::vector<Cell>& curves, const std::string& without = "");

/// Mean |loss' - loss| over the recorded cycles from 2 to the life, % of nominal.
double curve_error(const Cell& cell, const Estimate& estimate);

}  // namespace regard::battery
