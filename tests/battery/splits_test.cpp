#include <gtest/gtest.h>

#include <cmath>

#include "battery/data.hpp"
#include "regard/battery/severson.hpp"
#include "regard/battery/spikes.hpp"

namespace regard::battery {
namespace {

TEST(Severson, SplitsAreThoseOfTheSource) {
  SEVERSON_OR_SKIP(data);
  EXPECT_EQ(data.rows(Split::kTrain).size(), 41u);
  EXPECT_EQ(data.rows(Split::kPrimary).size(), 43u);
  EXPECT_EQ(data.rows(Split::kSecondary).size(), 40u);
  for (std::size_t r = 0; r < 124; ++r) {
    const auto expected = r >= 84                 ? Split::kSecondary
                          : r % 2 == 0 || r == 83 ? Split::kPrimary
                                                  : Split::kTrain;
    EXPECT_EQ(data.split[r], expected) << r;
  }
  EXPECT_EQ(data.cells[data.row("b2c1")].life, 148);
  EXPECT_EQ(data.cells[data.row("b3c45")].life, 1801);
  EXPECT_EQ(data.row("b3c45"), 123u);
  EXPECT_THROW(data.row("b9c0"), InputError);
}

TEST(Severson, CurvesEndWhereTheLifeEnds) {
  SEVERSON_OR_SKIP(data);
  for (std::size_t r = 0; r < 84; ++r) {
    const auto& cell = data.cells[r];
    if (cell.name == "b2c1") {
      EXPECT_EQ(cell.cycles(), 0u);
      continue;
    }
    EXPECT_EQ(cell.cycle.front(), cell.batch == "1" ? 2 : 1) << cell.name;
    int64_t first_below = cell.cycle.back() + 1;
    for (std::size_t i = cell.cycles(); i-- > 0;) {
      if (cell.loss(i) > 0.2) first_below = cell.cycle[i];
    }
    // Batch 1 stops before the end of life; batch 2 goes on beyond it.
    if (cell.batch == "2") {
      EXPECT_EQ(first_below, cell.life) << cell.name;
    } else {
      EXPECT_NEAR(static_cast<double>(first_below), cell.life, 1) << cell.name;
    }
  }
  for (std::size_t r = 84; r < 124; ++r) EXPECT_EQ(data.cells[r].cycles(), 88u);
  EXPECT_EQ(data.estimated_curves.size(), 22u);
}

TEST(Severson, FineAndCoarseVoltageCurvesAgree) {
  SEVERSON_OR_SKIP(data);
  for (std::size_t c = 0; c < 124; c += 31) {
    const auto& curves = data.cells[c].voltage;
    for (std::size_t v = 0; v < 100; ++v) {
      EXPECT_EQ(curves.voltage_v[v], data.voltage_v[10 * v]);
      EXPECT_EQ(static_cast<float>(curves.at(10)[v]), data.q10(c)[10 * v]);
      EXPECT_EQ(static_cast<float>(curves.at(100)[v]), data.q100(c)[10 * v]);
    }
  }
}

TEST(Severson, TheVoltageFilterFindsTheSevenCurvesThatAreKnownToBeBad) {
  if (!severson_folder()) GTEST_SKIP() << kNoSeverson;
  auto data = read_severson(*severson_folder(), Spikes::kKeep);
  std::vector<std::string> found;
  for (auto& cell : data.cells) {
    for (const auto cycle : filter_spikes(cell.voltage, cell.nominal_ah))
      found.push_back(cell.name + ":" + std::to_string(cycle));
  }
  EXPECT_EQ(found, (std::vector<std::string>{"b1c0:12", "b1c3:12", "b1c4:12", "b1c20:13",
                                             "b1c21:13", "b1c36:73", "b2c40:74"}));
}

TEST(Severson, PublishedFeaturesHaveTheFaultsThatAreDocumented) {
  if (!severson_folder()) GTEST_SKIP() << kNoSeverson;
  const auto table = published_features(*severson_folder(), 5);
  int missing = 0;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    EXPECT_EQ(table.number(r, table.column("DeltaQ_logMean")),
              table.number(r, table.column("DeltaQ_logMin")));
    missing += table.number(r, table.column("min_IR")) == 0;
  }
  EXPECT_EQ(missing, 10);
}

TEST(Spikes, AJumpThatLastsIsNoSpike) {
  Cell cell;
  cell.nominal_ah = 1;
  for (int i = 0; i < 60; ++i) {
    cell.cycle.push_back(i + 1);
    cell.capacity_ah.push_back(i < 30 ? 1.0 : 0.9);
  }
  cell.resistance_ohm = cell.capacity_ah;
  EXPECT_EQ(drop_spikes(cell), 0u);
  cell.capacity_ah[10] = 2.8;
  cell.capacity_ah[59] = 0.1;
  EXPECT_EQ(spikes(cell.capacity_ah, 1), (std::vector<std::size_t>{10, 59}));
  EXPECT_EQ(drop_spikes(cell), 2u);
  EXPECT_EQ(cell.cycles(), 58u);
  EXPECT_EQ(cell.resistance_ohm.size(), 58u);
  EXPECT_EQ(cell.cycle[10], 12);
}

TEST(Cell, FirstCyclesCutsEverythingThatIsPerCycle) {
  Cell cell;
  cell.cycle = {2, 3, 5, 8};
  cell.capacity_ah = {4, 3, 2, 1};
  cell.charge_time_min = {9, 9, 9, 9};
  cell.voltage.voltage_v = {3, 2};
  cell.voltage.cycle = {2, 8};
  cell.voltage.capacity_ah = {0, 1, 0, 2};
  const auto cut = first_cycles(cell, 5);
  EXPECT_EQ(cut.cycle, (std::vector<int64_t>{2, 3, 5}));
  EXPECT_EQ(cut.charge_time_min.size(), 3u);
  EXPECT_TRUE(cut.resistance_ohm.empty());
  EXPECT_EQ(cut.voltage.cycle.size(), 1u);
  EXPECT_EQ(cut.voltage.capacity_ah.size(), 2u);
  EXPECT_TRUE(cut.voltage.at(8).empty());
  EXPECT_EQ(cut.voltage.at(2)[1], 1);
}

}  // namespace
}  // namespace regard::battery
