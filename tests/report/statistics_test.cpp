#include "regard/report/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "regard/base/error.hpp"

namespace regard::report {
namespace {

TEST(Statistics, QuantilesAgreeWithPrintedTables) {
  // 97.5 % and 99.5 % columns of the usual t table.
  const struct {
    double df, p975, p995;
  } rows[] = {{1, 12.706, 63.657}, {2, 4.303, 9.925},  {3, 3.182, 5.841},  {4, 2.776, 4.604},
              {5, 2.571, 4.032},   {9, 2.262, 3.250},  {10, 2.228, 3.169}, {20, 2.086, 2.845},
              {30, 2.042, 2.750},  {60, 2.000, 2.660}, {120, 1.980, 2.617}};
  for (const auto& row : rows) {
    EXPECT_NEAR(student_t_quantile(0.975, row.df), row.p975, 5.1e-4) << row.df;
    EXPECT_NEAR(student_t_quantile(0.995, row.df), row.p995, 5.1e-4) << row.df;
  }
  EXPECT_NEAR(student_t_quantile(0.975, 1e7), 1.959964, 1e-5);
}

TEST(Statistics, QuantileHasClosedFormsForOneAndTwoDegrees) {
  for (const double p : {0.6, 0.9, 0.975, 0.999}) {
    const double a = 2 * p - 1;
    EXPECT_NEAR(student_t_quantile(p, 1), std::tan(M_PI * (p - 0.5)), 1e-9);
    EXPECT_NEAR(student_t_quantile(p, 2), a * std::sqrt(2 / (1 - a * a)), 1e-9);
    EXPECT_DOUBLE_EQ(student_t_quantile(1 - p, 2), -student_t_quantile(1 - (1 - p), 2));
  }
  EXPECT_EQ(student_t_quantile(0.5, 7), 0);
}

TEST(Statistics, CdfUndoesQuantile) {
  for (const double df : {1.0, 2.5, 7.0, 300.0}) {
    for (const double p : {0.001, 0.2, 0.5, 0.975}) {
      EXPECT_NEAR(student_t_cdf(student_t_quantile(p, df), df), p, 1e-12) << df << " " << p;
    }
  }
}

TEST(Statistics, QuantileRefusesWhatIsNoProbability) {
  EXPECT_THROW(student_t_quantile(1.0, 3), InputError);
  EXPECT_THROW(student_t_quantile(0.0, 3), InputError);
  EXPECT_THROW(student_t_quantile(0.9, 0), InputError);
}

TEST(Statistics, IntervalOfTheMean) {
  const std::vector<double> values = {1.80, 1.82, 1.87};
  const auto interval = mean_interval(values);
  EXPECT_EQ(interval.n, 3);
  EXPECT_NEAR(interval.centre, 1.83, 1e-12);
  // s = sqrt(0.0026 / 2), half = 4.302653 * s / sqrt(3)
  EXPECT_NEAR(interval.half, 4.3026527 * std::sqrt(0.0013) / std::sqrt(3.0), 1e-7);
  EXPECT_TRUE(interval.holds(1.9));
  EXPECT_FALSE(interval.holds(1.95));
}

TEST(Statistics, ValuesThatAreNotFiniteDoNotCount) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto interval = mean_interval(std::vector<double>{2.0, nan});
  EXPECT_EQ(interval.n, 1);
  EXPECT_EQ(interval.centre, 2.0);
  EXPECT_FALSE(interval.known());
  EXPECT_TRUE(std::isnan(mean_interval(std::vector<double>{}).centre));
}

TEST(Statistics, PairingFindsASmallConstantGain) {
  // Seeds differ by 0.3, the phrases by 0.01: only the paired difference can see it.
  const BySeed a = {{1, 1.00}, {2, 1.31}, {3, 1.62}};
  const BySeed b = {{1, 1.01}, {2, 1.32}, {3, 1.63}};
  const auto difference = paired_difference(a, b);
  EXPECT_EQ(difference.verdict, Verdict::kLower);
  EXPECT_NEAR(difference.interval.centre, -0.01, 1e-12);
  EXPECT_EQ(paired_difference(b, a).verdict, Verdict::kHigher);
}

TEST(Statistics, OnlyCommonSeedsArePaired) {
  const auto difference =
      paired_difference({{1, 1.0}, {2, 2.0}, {9, 50.0}}, {{1, 1.5}, {2, 1.4}, {8, -9.0}});
  EXPECT_EQ(difference.interval.n, 2);
  EXPECT_NEAR(difference.interval.centre, 0.05, 1e-12);
  EXPECT_EQ(difference.verdict, Verdict::kUndecided);
  EXPECT_EQ(to_text(difference.verdict), "cannot be told apart");
}

TEST(Statistics, OneCommonSeedDecidesNothing) {
  const auto difference = paired_difference({{1, 1.0}}, {{1, 9.0}, {2, 9.0}});
  EXPECT_EQ(difference.verdict, Verdict::kTooFewSeeds);
  EXPECT_EQ(difference.interval.centre, -8.0);
  EXPECT_EQ(paired_difference({{1, 2.0}, {2, 2.0}}, {{1, 2.0}, {2, 2.0}}).verdict,
            Verdict::kUndecided);
}

TEST(Statistics, BootstrapIsNearTheNormalIntervalOfManyValues) {
  std::vector<double> values(400, 0.0);
  for (std::size_t i = 0; i < 100; ++i) values[i] = 1;
  const auto b = bootstrap(values);
  EXPECT_DOUBLE_EQ(b.centre, 0.25);
  const double half = 1.96 * std::sqrt(0.25 * 0.75 / 400);
  EXPECT_NEAR(b.low, 0.25 - half, 0.005);
  EXPECT_NEAR(b.high, 0.25 + half, 0.005);
  EXPECT_EQ(bootstrap(values).low, b.low);
  EXPECT_EQ(bootstrap(std::vector<double>{0.5, 0.5}).high, 0.5);
  EXPECT_THROW(bootstrap({}), InputError);
}

}  // namespace
}  // namespace regard::report
