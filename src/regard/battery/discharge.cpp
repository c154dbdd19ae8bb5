#include "regard/battery/discharge.hpp"

#include <algorithm>

namespace regard::battery {

namespace {
constexpr double kNoise = 1e-4;  // Ah: what a counter may fall by at the start of a discharge
}  // namespace

std::vector<double> VoltageGrid::voltages() const {
  std::vector<double> grid;
  const double step = (high_v - low_v) / (static_cast<double>(points) - 0.1);
  for (int64_t i = 0; i < points; ++i) grid.push_back(high_v - step * static_cast<double>(i));
  return grid;
}

void Trace::clear() {
  voltage_v.clear();
  current_a.clear();
  capacity_ah.clear();
}

std::string CounterFall::hint() const {
  return restart
             ? "the counter starts again within the cycle, as some testers do in each step; add "
               "the steps of a cycle up"
             : "does the current have the other sign? --discharge positive says so";
}

Discharge discharge_of(const Trace& trace, DischargeSign sign, double least_current_a,
                       CounterFall& fall) {
  Discharge discharge;
  fall = {};
  double start = 0, highest = 0;
  for (std::size_t i = 0; i < trace.voltage_v.size(); ++i) {
    const double current =
        sign == DischargeSign::kNegative ? -trace.current_a[i] : trace.current_a[i];
    if (!(current > least_current_a)) continue;
    if (discharge.empty()) start = trace.capacity_ah[i];
    const double capacity = trace.capacity_ah[i] - start;
    if (fall.sample < 0 && highest - capacity > 0.01 * highest + kNoise)
      fall = {static_cast<int64_t>(i), highest - capacity > 0.5 * highest};
    highest = std::max(highest, capacity);
    discharge.voltage_v.push_back(trace.voltage_v[i]);
    discharge.capacity_ah.push_back(highest);
  }
  return discharge;
}

std::vector<double> capacity_on_grid(const Discharge& discharge, const std::vector<double>& grid) {
  std::vector<double> q(grid.size(), discharge.capacity());
  std::size_t g = 0;
  for (std::size_t i = 0; i < discharge.voltage_v.size() && g < grid.size(); ++i) {
    const double v = discharge.voltage_v[i];
    for (; g < grid.size() && grid[g] >= v; ++g) {
      if (i == 0) {
        q[g] = grid[g] > v ? 0 : discharge.capacity_ah[0];
        continue;
      }
      // A sample above the grid's voltage and this one below it: i - 1 is the last before the first
      // crossing.
      const double before = discharge.voltage_v[i - 1];
      const double share = before > v ? (before - grid[g]) / (before - v) : 1;
      q[g] =
          discharge.capacity_ah[i - 1] +
          std::clamp(share, 0.0, 1.0) * (discharge.capacity_ah[i] - discharge.capacity_ah[i - 1]);
    }
  }
  return q;
}

}  // namespace regard::battery
