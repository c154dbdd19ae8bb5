// Spikes of acquisition: values far from the median of their neighbourhood of eleven cycles.
//
//   spike at i  <=>  |y_i - median(y_{i-5} .. y_{i+5})| > share * nominal
//
// A median over eleven leaves jumps that last (a rest, a new protocol) as they are.
#pragma once

#include <span>
#include <vector>

#include "regard/battery/cell.hpp"

namespace regard::battery {

enum class Spikes { kFilter, kKeep };

/// 3 % of nominal capacity in one cycle is more than ageing or a rest does to a cell that works.
inline constexpr double kCapacitySpike = 0.03;
/// Q(V) moves more with rate and temperature: 9 % of nominal at one voltage.
inline constexpr double kVoltageSpike = 0.09;

/// The median of those that are not missing; kMissing without any.
double median(std::vector<double> values);

/// The median of each value's neighbourhood, which ends where the values end; missing values do not
/// count.
std::vector<double> running_median(std::span<const double> values);

/// Indices of the spikes in capacities in Ah.
std::vector<std::size_t> spikes(std::span<const double> capacity_ah, double nominal_ah,
                                double share = kCapacitySpike);

/// The spikes but those with which a record ends that falls faster and faster: there each cycle
/// falls at most twice as much as the one before it, and 3 % of nominal, and none after it is
/// higher again. A last cycle that was cut off is a spike.
std::vector<std::size_t> outliers(const Cell& cell);

/// The cell without the cycles that are spikes; returns how many were dropped.
std::size_t drop_spikes(Cell& cell, double share = kCapacitySpike);

/// Replaces each curve that is a spike at any voltage by the neighbourhood's median; returns the
/// cycle numbers.
std::vector<int64_t> filter_spikes(VoltageCurves& curves, double nominal_ah,
                                   double share = kVoltageSpike);

}  // namespace regard::battery
