#include "regard/battery/fit_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "readers/helpers.hpp"
#include "regard/base/files.hpp"

namespace regard::battery {
namespace {

using data::contains;
using data::input_error;

Cell made(const std::string& name, const PowerLaw& curve, int64_t last) {
  Cell cell;
  cell.name = name;
  cell.nominal_ah = 2;
  for (int64_t cycle = 1; cycle <= last; ++cycle) {
    cell.cycle.push_back(cycle);
    cell.capacity_ah.push_back(2 * (1 - curve.loss(static_cast<double>(cycle))));
  }
  return cell;
}

std::vector<Cell> three() {
  return {made("long <b>", {-20, 3, 0.02}, 500), made("early", {-20, 3, 0.02}, 150),
          made("short", {-20, 3, 0.02}, 3)};
}

TEST(FitReport, JsonHasWhatIsKnownAndNullWhereNothingIs) {
  const auto fits = fit_cells(three(), {"20%", "1%", "1.2Ah"});
  ASSERT_EQ(fits.size(), 3u);
  // NaN is no JSON: dumped, it must read as null.
  const auto parsed = [](const FittedCell& fit) {
    return nlohmann::json::parse(fit_json(fit).dump());
  };
  const auto whole = parsed(fits[0]);
  const double life = PowerLaw{-20, 3, 0.02}.life(0.2, 1e9).cycle;
  EXPECT_EQ(whole["cell"], "long <b>");
  EXPECT_NEAR(whole["A"].get<double>(), -20, 1e-3);
  EXPECT_NEAR(whole["B"].get<double>(), 3, 1e-3);
  EXPECT_NEAR(whole["life"].get<double>(), life, 0.01);
  EXPECT_EQ(whole["life_state"], "reached");
  EXPECT_EQ(whole["measured_life"].get<double>(), std::ceil(life));
  EXPECT_LE(whole["life_low"].get<double>(), whole["life"].get<double>());
  EXPECT_EQ(whole["lives"].size(), 3u);
  EXPECT_EQ(whole["lives"][1]["life_state"], "undefined");
  EXPECT_TRUE(whole["lives"][1]["life"].is_null());
  EXPECT_NEAR(whole["lives"][2]["threshold"].get<double>(), 0.4, 1e-12);
  const auto early = parsed(fits[1]);
  EXPECT_EQ(early["life_state"], "extrapolated");
  EXPECT_TRUE(early["measured_life"].is_null());
  const auto none = parsed(fits[2]);
  EXPECT_EQ(none.count("A"), 0u);
  EXPECT_TRUE(
      contains(none["why"].get<std::string>(), "4 cycles after cycle 1 were expected, and 2 came"));
}

TEST(FitReport, TheTableNamesTheCellThatIsLeftOut) {
  const auto table = fit_table(fit_cells(three(), {"20%", "1%"}));
  table.check();
  EXPECT_EQ(table.rows.size(), 2u);
  const auto text = report::to_text(table);
  EXPECT_TRUE(contains(text, "undefined"));
  EXPECT_TRUE(contains(table.notes.back(), "left out: fit of short"));
  EXPECT_TRUE(contains(report::to_csv(table), "life_1%_low"));
}

TEST(FitReport, SaysThatACurveMeansNothing) {
  auto cell = made("rising", {-20, 3, 0.02}, 300);
  std::reverse(cell.capacity_ah.begin(), cell.capacity_ah.end());
  const auto fits = fit_cells({cell}, {"20%"});
  EXPECT_FALSE(fits[0].fit.rises);
  EXPECT_EQ(fits[0].lives[0].life.reach, Reach::kNotReached);
  EXPECT_TRUE(contains(fit_table(fits).notes[0], "rising: the curve explains nothing"));
}

TEST(FitReport, NamesALastCycleThatRuinsTheFitAndTheFlagThatHelps) {
  auto cell = made("cut", {-20, 3, 0.02}, 150);
  cell.cycle.push_back(151);
  cell.capacity_ah.push_back(0.7);
  const auto fits = fit_cells({cell}, {"20%"});
  EXPECT_TRUE(contains(fit_table(fits).notes[0],
                       "cut: cycle 151 with 0.7 Ah, the last of the record, lies more than 3.0 % "
                       "of nominal off the neighbours and bends the fit; --robust leaves"));
  EXPECT_EQ(fit_json(fits[0])["outliers"], std::vector<int>{151});
  EXPECT_TRUE(std::isnan(fits[0].lives[0].measured));
  FitOptions robust;
  robust.weights = Weights::kRobust;
  const auto kept = fit_cells({cell}, {"20%"}, robust);
  EXPECT_TRUE(kept[0].fit.off.empty());
  EXPECT_FALSE(contains(fit_table(kept).notes[0], "bends the fit"));
  EXPECT_NEAR(kept[0].fit.curve.b, 3, 0.01);
  EXPECT_TRUE(std::isnan(kept[0].lives[0].measured));
}

TEST(FitReport, WritesTablesAndAPage) {
  const data::TemporaryFolder folder;
  const auto fits = fit_cells(three(), {"20%"});
  write_fits(fits, "my <cells>", folder / "out");
  const auto page = read_file(folder / "out/report.html");
  EXPECT_TRUE(contains(page, "my &lt;cells&gt;"));
  EXPECT_TRUE(contains(page, "long &lt;b&gt;"));
  EXPECT_FALSE(contains(page, "<b>"));
  EXPECT_TRUE(contains(page, "1 could not be fitted"));
  const auto curves = read_file(folder / "out/curves.csv");
  EXPECT_TRUE(curves.starts_with("cell,cycle,capacity_ah,loss,fitted_loss\nlong <b>,1,1.96,"));
  EXPECT_EQ(std::count(curves.begin(), curves.end(), '\n'), 1 + 500 + 150);
  EXPECT_TRUE(contains(read_file(folder / "out/fits.csv"), "early"));
}

TEST(FitReport, QuotesNamesInItsTables) {
  const data::TemporaryFolder folder;
  write_fits(fit_cells({made("a, \"left\"", {-20, 3, 0.02}, 50)}, {"20%"}), "t", folder / "out");
  for (const auto* file : {"out/curves.csv", "out/fits.csv"})
    EXPECT_TRUE(contains(read_file(folder / file), "\n\"a, \"\"left\"\"\",")) << file;
}

TEST(FitReport, RefusesWhereNothingCanBeFitted) {
  EXPECT_TRUE(contains(input_error([] { fit_cells({three()[2]}, {"20%"}); }), "fit of short"));
  EXPECT_TRUE(contains(input_error([] { fit_cells({}, {"20%"}); }), "there is none"));
  EXPECT_TRUE(contains(input_error([] { fit_cells(three(), {"20"}); }), "did you mean 20%?"));
}

}  // namespace
}  // namespace regard::battery
