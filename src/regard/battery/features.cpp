#include "regard/battery/features.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::battery {
namespace {

constexpr int64_t kReach = 2;  // cycles that a missing one may be off

/// The curve of `number`, else of the nearest cycle within kReach.
std::span<const double> curve_near(const VoltageCurves& curves, int64_t number) {
  for (int64_t off = 0; off <= kReach; ++off) {
    for (const int64_t candidate : {number - off, number + off}) {
      if (const auto row = curves.at(candidate); !row.empty()) return row;
    }
  }
  return {};
}

/// log10 moments of a shift of Q(V), named `prefix` + "_log_var" and so on.
Features moments(const std::vector<double>& dq, const std::string& prefix) {
  const auto n = static_cast<double>(dq.size());
  double mean = 0, m2 = 0, m3 = 0, m4 = 0, smallest = dq[0];
  for (const double v : dq) {
    mean += v / n;
    smallest = std::min(smallest, v);
  }
  for (const double v : dq) {
    const double d = v - mean;
    m2 += d * d;
    m3 += d * d * d;
    m4 += d * d * d * d;
  }
  const double spread = m2 / n;
  Features features;
  features.add(prefix + "_log_var", std::log10(m2 / (n - 1)));
  features.add(prefix + "_log_min", std::log10(std::abs(smallest)));
  features.add(prefix + "_log_mean", std::log10(std::abs(mean)));
  features.add(prefix + "_log_skew", std::log10(std::abs(m3 / n / std::pow(spread, 1.5))));
  features.add(prefix + "_log_kurt", std::log10(std::abs(m4 / n / (spread * spread) - 3)));
  features.add(prefix + "_end", dq.back());
  return features;
}

/// moments(), or the same names without values for a shift that is not known.
Features moments_or_missing(const std::vector<double>& dq, const std::string& prefix) {
  if (dq.size() >= 4) return moments(dq, prefix);
  Features features;
  for (const auto& name : moments({0, 1, 2, 4}, prefix).names) features.add(name, kMissing);
  return features;
}

template <class T>
Features difference(std::span<const T> q_low, std::span<const T> q_high) {
  if (q_low.size() != q_high.size() || q_low.size() < 4)
    throw InputError(
        "voltage features: two curves on one grid of at least 4 voltages were "
        "expected, and " +
        std::to_string(q_low.size()) + " and " + std::to_string(q_high.size()) + " values came");
  std::vector<double> dq(q_low.size());
  for (std::size_t v = 0; v < dq.size(); ++v)
    dq[v] = static_cast<double>(q_high[v]) - static_cast<double>(q_low[v]);
  return moments(dq, "dq");
}

/// (cycle, value) pairs of cycles first..last whose value is there.
struct Series {
  std::vector<double> cycle, value;
};

Series series(const Cell& cell, const std::vector<double>& values, int64_t first, int64_t last) {
  Series out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (cell.cycle[i] < first || cell.cycle[i] > last || std::isnan(values[i])) continue;
    out.cycle.push_back(static_cast<double>(cell.cycle[i]));
    out.value.push_back(values[i]);
  }
  return out;
}

struct Line {
  double slope = kMissing, intercept = kMissing;
};

Line line(const Series& s) {
  if (s.cycle.size() < 2) return {};
  const auto n = static_cast<double>(s.cycle.size());
  double x = 0, y = 0, xx = 0, xy = 0;
  for (std::size_t i = 0; i < s.cycle.size(); ++i) {
    x += s.cycle[i] / n;
    y += s.value[i] / n;
  }
  for (std::size_t i = 0; i < s.cycle.size(); ++i) {
    xx += (s.cycle[i] - x) * (s.cycle[i] - x);
    xy += (s.cycle[i] - x) * (s.value[i] - y);
  }
  return {xy / xx, y - xy / xx * x};
}

/// The value at `number`, else of the nearest cycle within kReach, else kMissing.
double value_near(const Series& s, int64_t number) {
  double best = kMissing, distance = kReach + 1;
  for (std::size_t i = 0; i < s.cycle.size(); ++i) {
    const double off = std::abs(s.cycle[i] - static_cast<double>(number));
    if (off < distance) {
      distance = off;
      best = s.value[i];
    }
  }
  return best;
}

double largest(const Series& s) {
  return s.value.empty() ? kMissing : *std::max_element(s.value.begin(), s.value.end());
}
double smallest(const Series& s) {
  return s.value.empty() ? kMissing : *std::min_element(s.value.begin(), s.value.end());
}

/// Trapezoids over the cycles.
double integral(const Series& s) {
  if (s.cycle.size() < 2) return kMissing;
  double sum = 0;
  for (std::size_t i = 1; i < s.cycle.size(); ++i)
    sum += (s.cycle[i] - s.cycle[i - 1]) * (s.value[i] + s.value[i - 1]) / 2;
  return sum;
}

Features capacity_features(const Cell& cell, int64_t n) {
  const auto all = series(cell, cell.capacity_ah, 2, n);
  const auto fade = line(all), late = line(series(cell, cell.capacity_ah, n - 9, n));
  const double first = value_near(all, 2);
  Features features;
  features.add("fade_slope", fade.slope);
  features.add("fade_intercept", fade.intercept);
  features.add("late_slope", late.slope);
  features.add("late_intercept", late.intercept);
  features.add("q_2", first);
  features.add("q_max_minus_2", largest(all) - first);
  features.add("q_n", value_near(all, n));
  return features;
}

Features condition_features(const Cell& cell, int64_t n) {
  Features features;
  const auto charge = series(cell, cell.charge_time_min, 2, 6);
  double mean = charge.value.empty() ? kMissing : 0;
  for (const double v : charge.value) mean += v / static_cast<double>(charge.value.size());
  features.add("charge_time_min", mean);
  const auto temperature = series(cell, cell.temperature_c, 2, n);
  features.add("temperature_max_c", largest(temperature));
  features.add("temperature_min_c", smallest(temperature));
  features.add("temperature_integral", integral(temperature));
  auto positive = cell.resistance_ohm;
  for (auto& r : positive) {
    if (!(r > 0)) r = kMissing;
  }
  const auto resistance = series(cell, positive, 2, n);
  const double first = value_near(resistance, 2);
  features.add("resistance_2_ohm", first);
  features.add("resistance_min_ohm", smallest(resistance));
  features.add("resistance_change_ohm", value_near(resistance, n) - first);
  return features;
}

}  // namespace

void Features::add(std::string name, double value) {
  names.push_back(std::move(name));
  values.push_back(value);
}

void Features::add(const Features& more) {
  names.insert(names.end(), more.names.begin(), more.names.end());
  values.insert(values.end(), more.values.begin(), more.values.end());
}

double Features::at(const std::string& name) const {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return values[i];
  }
  throw InputError("features: unknown name \"" + name + "\"" + suggestion(name, names));
}

Features voltage_features(std::span<const double> q_low, std::span<const double> q_high) {
  return difference(q_low, q_high);
}
Features voltage_features(std::span<const float> q_low, std::span<const float> q_high) {
  return difference(q_low, q_high);
}

std::vector<double> delta_q(const Cell& cell, int64_t n) {
  const auto low = curve_near(cell.voltage, 10), high = curve_near(cell.voltage, n);
  if (low.empty() || high.empty()) return {};
  std::vector<double> dq(low.size());
  for (std::size_t v = 0; v < dq.size(); ++v) dq[v] = high[v] - low[v];
  return dq;
}

std::vector<double> drift(const Cell& cell, int64_t n) {
  const auto& curves = cell.voltage;
  std::vector<std::size_t> rows;
  double mean = 0, square = 0;
  for (std::size_t k = 0; k < curves.cycle.size(); ++k) {
    if (curves.cycle[k] >= 10 && curves.cycle[k] <= n) rows.push_back(k);
  }
  if (rows.size() < 5) return {};
  const auto count = static_cast<double>(rows.size());
  for (const auto k : rows) mean += static_cast<double>(curves.cycle[k]) / count;
  for (const auto k : rows) square += std::pow(static_cast<double>(curves.cycle[k]) - mean, 2);
  std::vector<double> out(curves.voltage_v.size(), 0);
  for (const auto k : rows) {
    const double weight =
        static_cast<double>(n - 10) * (static_cast<double>(curves.cycle[k]) - mean) / square;
    const auto row = curves.row(k);
    for (std::size_t v = 0; v < out.size(); ++v) out[v] += weight * row[v];
  }
  return out;
}

Features early_features(const Cell& whole, int64_t n, Spikes spikes) {
  if (n < 20)
    throw InputError("features of " + whole.name + ": 20 early cycles or more were expected, and " +
                     std::to_string(n) + " came");
  int64_t last = whole.cycle.empty() ? 0 : whole.cycle.back();
  if (!whole.voltage.empty()) last = std::max(last, whole.voltage.cycle.back());
  if (last < n - kReach)
    throw InputError("features of " + whole.name + ": cycles up to " + std::to_string(n) +
                     " were expected, and the record ends at cycle " + std::to_string(last));
  // Later cycles must not reach the early ones, not even through a median.
  Cell cell = first_cycles(whole, n);
  if (spikes == Spikes::kFilter) {
    drop_spikes(cell);
    if (!cell.voltage.empty()) filter_spikes(cell.voltage, cell.nominal_ah);
  }
  Features features;
  features.add(moments_or_missing(delta_q(cell, n), "dq"));
  features.add(moments_or_missing(drift(cell, n), "drift"));
  features.add(capacity_features(cell, n));
  features.add(condition_features(cell, n));
  return features;
}

}  // namespace regard::battery
