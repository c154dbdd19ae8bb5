#include "regard/battery/cell.hpp"

#include <algorithm>

namespace regard::battery {

std::span<const double> VoltageCurves::at(int64_t number) const {
  const auto found = std::lower_bound(cycle.begin(), cycle.end(), number);
  if (found == cycle.end() || *found != number) return {};
  return row(static_cast<std::size_t>(found - cycle.begin()));
}

Cell first_cycles(const Cell& cell, int64_t last) {
  const auto count = [last](const std::vector<int64_t>& cycle) {
    return static_cast<std::size_t>(std::upper_bound(cycle.begin(), cycle.end(), last) -
                                    cycle.begin());
  };
  Cell cut = cell;
  const auto kept = count(cell.cycle);
  cut.cycle.resize(kept);
  for (auto* values :
       {&cut.capacity_ah, &cut.resistance_ohm, &cut.temperature_c, &cut.charge_time_min}) {
    values->resize(std::min(values->size(), kept));
  }
  const auto curves = count(cell.voltage.cycle);
  cut.voltage.cycle.resize(curves);
  cut.voltage.capacity_ah.resize(curves * cell.voltage.voltage_v.size());
  return cut;
}

}  // namespace regard::battery
