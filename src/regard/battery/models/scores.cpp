#include "regard/battery/models/scores.hpp"

#include <cmath>

namespace regard::battery {

double curve_error(const Cell& cell, const Estimate& estimate) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < cell.cycles(); ++i) {
    const auto cycle = static_cast<double>(cell.cycle[i]);
    if (cycle < 2 || cycle > cell.life) continue;
    sum += std::abs(estimate.curve.loss(cycle) - cell.loss(i));
    ++count;
  }
  return count > 0 ? 100 * sum / count : kMissing;
}

Scores score(const Examples& cells, const std::vector<Estimate>& estimates,
             const std::vector<Cell>& curves, const std::string& without) {
  Scores s;
  double square = 0, relative = 0, curve = 0;
  std::array<double, kCrossings.size()> crossing{}, crossings{};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].name == without || std::isnan(cells[i].life)) continue;
    if (std::isnan(estimates[i].life)) {
      ++s.undefined;
      continue;
    }
    ++s.lives;
    const double error = estimates[i].life - cells[i].life;
    square += error * error;
    relative += std::abs(error) / cells[i].life;
    for (const auto& cell : curves) {
      if (cell.name != cells[i].name || cell.cycles() == 0) continue;
      ++s.curves;
      curve += curve_error(cell, estimates[i]);
      for (std::size_t t = 0; t < kCrossings.size(); ++t) {
        const double measured = measured_life(cell, kCrossings[t]);
        const auto life = estimates[i].curve.life(kCrossings[t], 0);
        if (std::isnan(measured) || !life.known()) continue;
        crossing[t] += std::pow(life.cycle - measured, 2);
        ++crossings[t];
      }
    }
  }
  const auto count = static_cast<double>(s.lives);
  if (s.lives > 0) {
    s.rmse = std::sqrt(square / count);
    s.mape = 100 * relative / count;
  }
  if (s.curves > 0) s.curve_error = curve / static_cast<double>(s.curves);
  for (std::size_t t = 0; t < kCrossings.size(); ++t)
    s.crossing[t] = crossings[t] > 0 ? std::sqrt(crossing[t] / crossings[t]) : kMissing;
  return s;
}

}  // namespace regard::battery
