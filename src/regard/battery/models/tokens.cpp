#include "regard/battery/models/tokens.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/battery/models/model.hpp"
#include "regard/battery/spikes.hpp"

namespace regard::battery {
namespace {

constexpr double kUnitAh = 2e-3;
constexpr double kSlackV = 0.1;
constexpr int64_t kReach = 2;  // cycles that a missing one may be off

/// Median over the curves of cycles first..last; empty when there is none.
std::vector<double> typical(const VoltageCurves& curves, int64_t first, int64_t last) {
  std::vector<double> out;
  std::vector<std::size_t> rows;
  for (std::size_t k = 0; k < curves.cycle.size(); ++k) {
    if (curves.cycle[k] >= first && curves.cycle[k] <= last) rows.push_back(k);
  }
  if (rows.empty()) return out;
  for (std::size_t v = 0; v < curves.voltage_v.size(); ++v) {
    std::vector<double> values;
    for (const auto row : rows) values.push_back(curves.row(row)[v]);
    out.push_back(median(std::move(values)));
  }
  return out;
}

std::vector<double> on_grid(const std::vector<double>& voltage, const std::vector<double>& q) {
  std::vector<double> out;
  std::size_t i = 0;
  for (const double v : token_voltages()) {
    while (i + 2 < voltage.size() && voltage[i + 1] > v) ++i;  // voltages fall
    const double share = std::clamp((voltage[i] - v) / (voltage[i] - voltage[i + 1]), 0.0, 1.0);
    out.push_back(q[i] + share * (q[i + 1] - q[i]));
  }
  return out;
}

struct Window {
  int64_t first, last;
};

// Up to nine cycles around k, fewer where n leaves no room between the moments.
Window window_of(int64_t k, int64_t n) {
  const int64_t half = std::min<int64_t>(4, (n - 10) / 6);
  return {k - half, std::min(k + half, n)};
}

Window last_window(int64_t n) { return window_of(n, n); }

/// The largest capacity after the first curve, spikes of one cycle left out by a median of three.
double largest_end(const VoltageCurves& curves) {
  const auto end = [&](std::size_t k) { return curves.row(k).back(); };
  const std::size_t count = curves.cycle.size();
  double top = end(0);
  for (std::size_t k = 0; k < count; ++k) {
    std::vector<double> near;
    for (std::size_t i = k > 0 ? k - 1 : 0; i < std::min(k + 2, count); ++i) near.push_back(end(i));
    top = std::max(top, median(std::move(near)));
  }
  return top;
}

/// Why the curves do not do, or "".
std::string lack(const VoltageCurves& curves, int64_t n) {
  if (curves.empty()) return "no voltage curves";
  const auto grid = token_voltages();
  const auto& v = curves.voltage_v;
  if (v.size() < 2 || v.front() < grid.front() - kSlackV || v.back() > grid.back() + kSlackV)
    return "voltage curves that do not span 3.6 to 2.0 V";
  const auto last = last_window(n);
  if (curves.cycle.front() > 2 + kReach) return "no curve near cycle 2";
  if (typical(curves, 8, 12).empty()) return "no curve near cycle 10";
  if (typical(curves, last.first, last.last).empty())
    return "no curve near cycle " + std::to_string(n);
  return "";
}

}  // namespace

std::vector<double> token_voltages() {
  std::vector<double> grid;
  for (int64_t i = 0; i < kGrid; ++i) grid.push_back(3.6 - 1.6 * static_cast<double>(10 * i) / 999);
  return grid;
}

bool has_tokens(const Cell& cell, int64_t n) {
  return lack(first_cycles(cell, n).voltage, n).empty();
}

Tokens make_tokens(const Cell& whole, int64_t n) {
  if (n < 20)
    throw InputError("tokens of " + whole.name + ": 20 early cycles or more were expected, and " +
                     std::to_string(n) + " came");
  auto cell = first_cycles(whole, n);
  if (const auto why = lack(cell.voltage, n); !why.empty())
    throw InputError("tokens of " + whole.name + ": curves Q(V) of cycles 2 to " +
                     std::to_string(n) + " were expected, and " + why + " came");
  auto& curves = cell.voltage;
  if (!std::isnan(cell.nominal_ah)) filter_spikes(curves, cell.nominal_ah);
  const auto base = on_grid(curves.voltage_v, typical(curves, 8, 12));
  Tokens tokens;
  std::vector<double> shift(kGrid);
  auto before = base;
  for (int64_t j = 1; j <= kMoments; ++j) {
    const auto k = static_cast<int64_t>(
        std::lround(10 + static_cast<double>(j * (n - 10)) / static_cast<double>(kMoments)));
    const auto window = window_of(k, n);
    const auto curve = typical(curves, window.first, window.last);
    const auto q =
        curve.empty() ? before : on_grid(curves.voltage_v, curve);  // a gap: as before it
    for (std::size_t v = 0; v < shift.size(); ++v) {
      shift[v] = q[v] - base[v];
      tokens.patches.push_back(std::asinh(shift[v] / kUnitAh));
    }
    before = q;
  }
  double mean = 0, variance = 0, least = shift[0];
  for (const double s : shift) {
    mean += s / kGrid;
    least = std::min(least, s);
  }
  for (const double s : shift) variance += (s - mean) * (s - mean) / kGrid;
  const double first = curves.row(0).back();
  tokens.summary = {std::log10(variance + 1e-12), std::log10(std::abs(least) + 1e-6), first,
                    largest_end(curves) - first};
  return tokens;
}

}  // namespace regard::battery
