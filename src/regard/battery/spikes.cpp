#include "regard/battery/spikes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace regard::battery {
namespace {

constexpr std::size_t kReach = 5;

template <class T>
void drop(std::vector<T>& values, const std::vector<std::size_t>& indices) {
  if (values.empty()) return;
  for (auto i = indices.rbegin(); i != indices.rend(); ++i)
    values.erase(values.begin() + static_cast<std::ptrdiff_t>(*i));
}

}  // namespace

double median(std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty()) return kMissing;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

std::vector<double> running_median(std::span<const double> values) {
  std::vector<double> result(values.size()), near;
  for (std::size_t i = 0; i < values.size(); ++i) {
    near.clear();
    const std::size_t last = std::min(values.size() - 1, i + kReach);
    for (std::size_t j = i - std::min(i, kReach); j <= last; ++j) {
      near.push_back(values[j]);
    }
    result[i] = median(near);
  }
  return result;
}

std::vector<std::size_t> spikes(std::span<const double> capacity_ah, double nominal_ah,
                                double share) {
  const auto centre = running_median(capacity_ah);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < capacity_ah.size(); ++i) {
    if (std::abs(capacity_ah[i] - centre[i]) > share * nominal_ah) found.push_back(i);
  }
  return found;
}

std::vector<std::size_t> outliers(const Cell& cell) {
  const auto& y = cell.capacity_ah;
  const double slack = kCapacitySpike * cell.nominal_ah;
  // later[i]: the highest capacity after i.
  std::vector<double> later(y.size(), -std::numeric_limits<double>::infinity());
  for (std::size_t i = y.size(); i-- > 1;) later[i - 1] = std::max(later[i], y[i]);
  std::vector<std::size_t> found;
  for (const auto i : spikes(y, cell.nominal_ah)) {
    const bool follows = i >= 2 && (found.empty() || found.back() + 1 < i);
    const bool dying = follows && later[i] <= y[i] + slack && y[i] < y[i - 1] &&
                       y[i - 1] - y[i] <= 2 * std::max(y[i - 2] - y[i - 1], 0.0) + slack;
    if (!dying) found.push_back(i);
  }
  return found;
}

std::size_t drop_spikes(Cell& cell, double share) {
  const auto found = spikes(cell.capacity_ah, cell.nominal_ah, share);
  drop(cell.cycle, found);
  for (auto* values :
       {&cell.capacity_ah, &cell.resistance_ohm, &cell.temperature_c, &cell.charge_time_min})
    drop(*values, found);
  return found.size();
}

std::vector<int64_t> filter_spikes(VoltageCurves& curves, double nominal_ah, double share) {
  const auto width = curves.voltage_v.size(), count = curves.cycle.size();
  std::vector<double> medians(curves.capacity_ah.size()), column(count);
  std::vector<bool> spike(count, false);
  for (std::size_t v = 0; v < width; ++v) {
    for (std::size_t k = 0; k < count; ++k) column[k] = curves.capacity_ah[k * width + v];
    const auto centre = running_median(column);
    for (std::size_t k = 0; k < count; ++k) {
      medians[k * width + v] = centre[k];
      if (std::abs(column[k] - centre[k]) > share * nominal_ah) spike[k] = true;
    }
  }
  std::vector<int64_t> found;
  for (std::size_t k = 0; k < count; ++k) {
    if (!spike[k]) continue;
    found.push_back(curves.cycle[k]);
    std::copy_n(medians.begin() + static_cast<std::ptrdiff_t>(k * width), width,
                curves.row(k).begin());
  }
  return found;
}

}  // namespace regard::battery
