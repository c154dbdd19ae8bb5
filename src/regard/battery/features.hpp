// What the first n cycles of a cell say, as numbers with names.
//
//   dQ(V) = Q_n(V) - Q_10(V)      over the voltage grid of the cell, at most 2 cycles off where one
//   is absent
//
// Names and definitions follow the published feature files of arXiv 2404.17174 for n = 100, with
// two faults mended:
// there, log mean is a copy of log min, and a missing resistance is 0. What is missing is kMissing
// here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "regard/battery/cell.hpp"
#include "regard/battery/spikes.hpp"

namespace regard::battery {

struct Features {
  std::vector<std::string> names;
  std::vector<double> values;  // as many; kMissing where the cell has no such record

  void add(std::string name, double value);
  void add(const Features& more);
  /// InputError with the nearest name.
  double at(const std::string& name) const;
};

/// Of a difference of two Q(V): dq_log_var (n - 1 variance), dq_log_min (|min|), dq_log_mean
/// (|mean|), dq_log_skew (|third standardised moment|), dq_log_kurt (|fourth - 3|), all log10;
/// dq_end (Ah, at the lowest voltage).
/// InputError unless both have the same length of at least 4.
Features voltage_features(std::span<const double> q_low, std::span<const double> q_high);
Features voltage_features(std::span<const float> q_low, std::span<const float> q_high);

/// dQ(V) of the cell, (V) Ah; empty when no curve lies within 2 cycles of 10 or of n.
std::vector<double> delta_q(const Cell& cell, int64_t n);

/// The shift of Q(V) from cycle 10 to n, (V) Ah, as the line through all curves from 10 to n has
/// it: (n - 10) times their slope over the cycles. Noise of single curves is averaged. Empty with
/// fewer than five curves.
std::vector<double> drift(const Cell& cell, int64_t n);

/// Of cycles 2 to n, 20 <= n: those of dQ(V); the same of drift(), under drift_ for dq_; and
///   fade_slope, fade_intercept            line through capacity, cycles 2..n (Ah a cycle, Ah)
///   late_slope, late_intercept            the same, cycles n-9..n
///   q_2, q_max_minus_2, q_n               capacity at cycle 2, largest minus that, at cycle n (Ah)
///   charge_time_min                       mean of cycles 2..6
///   temperature_max_c, temperature_min_c, temperature_integral   of the mean temperature; C, C, C
///   cycles
///   resistance_2_ohm, resistance_min_ohm, resistance_change_ohm  at 2, smallest, n minus 2; not
///   positive is missing
/// With Spikes::kFilter, spikes of capacity and of Q(V) are left out first. InputError when n < 20
/// or the record ends before cycle n - 2.
Features early_features(const Cell& cell, int64_t n, Spikes spikes = Spikes::kFilter);

}  // namespace regard::battery
