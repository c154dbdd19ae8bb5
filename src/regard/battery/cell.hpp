// One battery cell: its capacity cycle by cycle, and what else was recorded.
//
//   loss at a cycle = 1 - capacity / nominal capacity        (a fraction; 0.2 is 20 %)
//
// Units are in the names. What was not recorded is kMissing (NaN) or an empty vector, never 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace regard::battery {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Discharge capacity against voltage, on one grid for all cycles of a cell.
struct VoltageCurves {
  std::vector<double> voltage_v;    // (V), falling, as in a discharge
  std::vector<int64_t> cycle;       // (K), rising
  std::vector<double> capacity_ah;  // (K, V), discharged down to the voltage

  bool empty() const { return cycle.empty(); }
  std::span<const double> row(std::size_t k) const {
    return std::span(capacity_ah).subspan(k * voltage_v.size(), voltage_v.size());
  }
  std::span<double> row(std::size_t k) {
    return std::span(capacity_ah).subspan(k * voltage_v.size(), voltage_v.size());
  }
  /// The curve of cycle number `number`; empty when it was not recorded.
  std::span<const double> at(int64_t number) const;
};

struct Cell {
  std::string name;
  std::string batch;                // "" when unknown
  std::string charge_policy;        // "3.6C(80%)-3.6C"; "" when unknown
  double nominal_ah = kMissing;     // what 100 % means
  std::vector<int64_t> cycle;       // (N) cycle numbers from 1, rising
  std::vector<double> capacity_ah;  // (N) discharge capacity of that cycle
  // Each is empty, or has N values that may be kMissing.
  std::vector<double> resistance_ohm, temperature_c, charge_time_min;
  VoltageCurves voltage;   // empty, or curves of some cycles
  double life = kMissing;  // known cycle life: the first cycle below the end of life

  std::size_t cycles() const { return cycle.size(); }
  double loss(std::size_t i) const { return 1 - capacity_ah[i] / nominal_ah; }
};

/// The cell as if it had been taken off the test after cycle number `last`; the known life stays.
Cell first_cycles(const Cell& cell, int64_t last);

}  // namespace regard::battery
