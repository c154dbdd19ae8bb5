#include "regard/battery/features.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "battery/data.hpp"
#include "readers/helpers.hpp"

namespace regard::battery {
namespace {

using data::contains;
using data::input_error;

/// RMSE in cycles of log10 life on one feature, fitted by least squares on the training cells.
double rmse_of_line(const Severson& data, const std::vector<double>& x,
                    const std::vector<std::size_t>& rows) {
  double mx = 0, my = 0, xx = 0, xy = 0;
  const auto train = data.rows(Split::kTrain);
  const auto n = static_cast<double>(train.size());
  for (const auto r : train) {
    mx += x[r] / n;
    my += std::log10(data.cells[r].life) / n;
  }
  for (const auto r : train) {
    xx += (x[r] - mx) * (x[r] - mx);
    xy += (x[r] - mx) * (std::log10(data.cells[r].life) - my);
  }
  double sum = 0;
  for (const auto r : rows) {
    const double off = std::pow(10, my + xy / xx * (x[r] - mx)) - data.cells[r].life;
    sum += off * off;
  }
  return std::sqrt(sum / static_cast<double>(rows.size()));
}

TEST(Features, TheVarianceModelHasItsKnownErrors) {
  SEVERSON_OR_SKIP(data);
  std::vector<double> x(124);
  for (std::size_t r = 0; r < 124; ++r)
    x[r] = voltage_features(data.q10(r), data.q100(r)).at("dq_log_var");
  auto primary = data.rows(Split::kPrimary);
  EXPECT_NEAR(rmse_of_line(data, x, data.rows(Split::kTrain)), 103.6, 0.05);
  EXPECT_NEAR(rmse_of_line(data, x, primary), 137.9, 0.05);
  std::erase(primary, data.row("b2c1"));
  EXPECT_NEAR(rmse_of_line(data, x, primary), 138.3, 0.05);
  EXPECT_NEAR(rmse_of_line(data, x, data.rows(Split::kSecondary)), 195.9, 0.05);
}

// Version 4 of the published file was computed on the same grid as the curves here.
TEST(Features, AgreeWithThePublishedOnesWhereThoseAreSound) {
  SEVERSON_OR_SKIP(data);
  const auto published = published_features(*severson_folder(), 4);
  const std::vector<std::tuple<const char*, const char*, double>> voltage = {
      {"dq_log_var", "DeltaQ_logVar", 2e-3},
      {"dq_log_min", "DeltaQ_logMin", 2e-3},
  };
  const std::vector<std::tuple<const char*, const char*, double>> capacity = {
      {"fade_slope", "slope_capacity_fade_2-100", 3e-6},
      {"fade_intercept", "intercept_capacity_fade_2-100", 2e-4},
      {"late_slope", "slope_capacity_fade_91-100", 1.5e-5},
      {"q_2", "QD_2", 1e-4},
      {"q_n", "QD_100", 1e-4},
  };
  std::size_t compared = 0;
  for (std::size_t r = 0; r < 84; ++r) {
    const auto fine = voltage_features(data.q10(r), data.q100(r));
    for (const auto& [ours, theirs, tolerance] : voltage)
      EXPECT_NEAR(fine.at(ours), published.number(r, published.column(theirs)), tolerance)
          << data.cells[r].name << " " << ours;
    if (data.cells[r].cycles() == 0) continue;
    const auto features = early_features(data.cells[r], 100, Spikes::kKeep);
    for (const auto& [ours, theirs, tolerance] : capacity)
      EXPECT_NEAR(features.at(ours), published.number(r, published.column(theirs)), tolerance)
          << data.cells[r].name << " " << ours;
    ++compared;
  }
  EXPECT_EQ(compared, 83u);
}

TEST(Features, ASpikeNoLongerPollutesTheFade) {
  SEVERSON_OR_SKIP(data);
  const auto& cell = data.cells[data.row("b1c0")];  // 1.539 Ah at one cycle
  EXPECT_LT(early_features(cell, 100, Spikes::kKeep).at("fade_slope"), -2e-4);
  EXPECT_NEAR(early_features(cell, 100).at("fade_slope"), 1.7e-5, 1e-6);
}

TEST(Features, TheMeanIsTheMean) {
  const std::vector<double> low = {0, 0, 0, 0, 0}, high = {-0.01, -0.02, -0.03, -0.04, -0.05};
  const auto f = voltage_features(low, high);
  EXPECT_NEAR(f.at("dq_log_mean"), std::log10(0.03), 1e-12);
  EXPECT_NEAR(f.at("dq_log_min"), std::log10(0.05), 1e-12);
  EXPECT_NEAR(f.at("dq_log_var"), std::log10(0.00025), 1e-12);  // n - 1
  EXPECT_NEAR(f.at("dq_log_kurt"), std::log10(1.3), 1e-12);     // 1.7 - 3
  EXPECT_EQ(f.at("dq_end"), -0.05);
  EXPECT_TRUE(contains(input_error([&] { f.at("dq_log_meen"); }), "did you mean \"dq_log_mean\"?"));
}

Cell with_conditions() {
  Cell cell;
  cell.name = "c";
  cell.nominal_ah = 1;
  for (int64_t cycle = 1; cycle <= 60; ++cycle) {
    cell.cycle.push_back(cycle);
    cell.capacity_ah.push_back(1 - 1e-3 * static_cast<double>(cycle));
    cell.resistance_ohm.push_back(cycle % 2 == 0 ? 0 : 0.02 - 1e-4 * static_cast<double>(cycle));
    cell.temperature_c.push_back(30 + 0.1 * static_cast<double>(cycle));
    cell.charge_time_min.push_back(cycle == 1 ? 99 : 10);
  }
  return cell;
}

TEST(Features, AMissingResistanceIsMissing) {
  auto cell = with_conditions();
  const auto f = early_features(cell, 40);
  EXPECT_NEAR(f.at("resistance_2_ohm"), 0.0197, 1e-12);  // cycle 3 stands in for 2
  EXPECT_GT(f.at("resistance_min_ohm"), 0.015);
  EXPECT_NEAR(f.at("charge_time_min"), 10, 1e-12);
  EXPECT_NEAR(f.at("temperature_max_c"), 34, 1e-12);
  EXPECT_NEAR(f.at("temperature_integral"), 38 * 32.1, 1e-9);
  EXPECT_NEAR(f.at("fade_slope"), -1e-3, 1e-12);
  EXPECT_NEAR(f.at("late_intercept"), 1, 1e-9);
  EXPECT_TRUE(std::isnan(f.at("dq_log_var")));
  std::fill(cell.resistance_ohm.begin(), cell.resistance_ohm.end(), 0);
  EXPECT_TRUE(std::isnan(early_features(cell, 40).at("resistance_min_ohm")));
}

TEST(Features, LaterCyclesReachNothing) {
  SEVERSON_OR_SKIP(data);
  for (const int64_t n : {20, 47, 100}) {
    auto changed = data.cells[5];
    for (std::size_t i = 0; i < changed.cycles(); ++i) {
      if (changed.cycle[i] > n) changed.capacity_ah[i] = 7;
    }
    for (std::size_t k = 0; k < changed.voltage.cycle.size(); ++k) {
      if (changed.voltage.cycle[k] <= n) continue;
      for (auto& q : changed.voltage.row(k)) q = 7;
    }
    EXPECT_EQ(early_features(changed, n).values.size(), 26u);
    const auto a = early_features(data.cells[5], n), b = early_features(changed, n);
    for (std::size_t i = 0; i < a.values.size(); ++i) {
      if (std::isnan(a.values[i])) continue;
      EXPECT_EQ(a.values[i], b.values[i]) << a.names[i] << " at " << n;
    }
  }
}

TEST(Drift, IsTheShiftOfALinearRecordAndAveragesNoise) {
  Cell cell;
  cell.nominal_ah = 1.1;
  cell.voltage.voltage_v = {3.6, 3.2, 2.8, 2.0};
  for (int64_t k = 2; k <= 60; ++k) {
    if (k == 33) continue;  // a gap changes nothing
    cell.voltage.cycle.push_back(k);
    for (const double rate : {0.0, 1e-4, -2e-4, -5e-5})
      cell.voltage.capacity_ah.push_back(1 + rate * static_cast<double>(k));
  }
  const auto exact = drift(cell, 50);
  ASSERT_EQ(exact.size(), 4u);
  for (std::size_t v = 0; v < 4; ++v) EXPECT_NEAR(exact[v], delta_q(cell, 50)[v], 1e-12);
  // One bad curve at an end moves the difference of two curves by itself, the line by less.
  auto noisy = cell;
  for (std::size_t k = 0; k < noisy.voltage.cycle.size(); ++k) {
    if (noisy.voltage.cycle[k] == 50) noisy.voltage.row(k)[0] += 0.01;
  }
  EXPECT_NEAR(delta_q(noisy, 50)[0], 0.01, 1e-12);
  EXPECT_GT(drift(noisy, 50)[0], 0.0005);
  EXPECT_LT(drift(noisy, 50)[0], 0.002);
  cell.voltage.cycle.resize(8);
  EXPECT_TRUE(drift(cell, 50).empty());
}

TEST(Features, RefusesTooFewCycles) {
  EXPECT_TRUE(contains(input_error([] { early_features(with_conditions(), 19); }),
                       "20 early cycles or more were expected, and 19 came"));
  EXPECT_TRUE(contains(input_error([] { early_features(with_conditions(), 100); }),
                       "the record ends at cycle 60"));
}

}  // namespace
}  // namespace regard::battery
