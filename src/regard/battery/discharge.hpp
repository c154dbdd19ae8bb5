// One discharge as a tester records it, reduced to its capacity and to Q(V) on a grid.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regard::battery {

/// Voltages that Q(V) is interpolated on: high, high - step, ... with step = (high - low) / (points
/// - 0.1). The default is the grid of the Severson set: every tenth of 1000 voltages from 3.6 to
///   2.0 V.
struct VoltageGrid {
  double high_v = 3.6, low_v = 2.0;
  int64_t points = 100;
  std::vector<double> voltages() const;
};

/// Which sign the current has while a cell is discharged.
enum class DischargeSign { kNegative, kPositive };

/// Samples of one cycle in order of time.
struct Trace {
  std::vector<double> voltage_v, current_a, capacity_ah;  // capacity: discharged so far
  void clear();
};

struct Discharge {
  std::vector<double> voltage_v,
      capacity_ah;  // of the samples under discharge; capacity starts at 0
  bool empty() const { return voltage_v.empty(); }
  double capacity() const { return empty() ? 0 : capacity_ah.back(); }
};

/// Where a counter of discharged capacity falls, and whether it lost most of what it had counted at
/// once: a counter that starts again. A current of the other sign makes it fall bit by bit.
struct CounterFall {
  int64_t sample = -1;  // -1: it never falls
  bool restart = false;
  /// What is likely wrong, to end the sentence that refuses it.
  std::string hint() const;
};

/// The samples whose current has the sign of a discharge and is above `least_current_a`. `fall`:
/// the first sample at which the discharged capacity falls by more than 1 % of what was discharged.
Discharge discharge_of(const Trace& trace, DischargeSign sign, double least_current_a,
                       CounterFall& fall);

/// Q at each voltage of the grid, linear in between: 0 above the first sample, the whole capacity
/// below the last.
/// Where the voltage recovers for a moment, the first time that it falls below a value counts.
std::vector<double> capacity_on_grid(const Discharge& discharge, const std::vector<double>& grid);

}  // namespace regard::battery
