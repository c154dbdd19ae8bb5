#include "regard/data/readers/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "data/helpers.hpp"

namespace regard::data {
namespace {

std::vector<int64_t> lengths_of(int64_t count) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < count; ++i) lengths.push_back(1 + (i * 37) % 100);
  return lengths;
}

std::vector<int64_t> epoch_rows(const BatchPlan& plan, int64_t epoch) {
  std::vector<int64_t> all;
  const auto steps = plan.steps_per_epoch();
  for (int64_t s = epoch * steps; s < (epoch + 1) * steps; ++s) {
    const auto rows = plan.rows(s);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

void expect_each_once(std::vector<int64_t> rows, int64_t count) {
  std::sort(rows.begin(), rows.end());
  ASSERT_EQ(static_cast<int64_t>(rows.size()), count);
  for (int64_t i = 0; i < count; ++i) ASSERT_EQ(rows[static_cast<std::size_t>(i)], i);
}

TEST(Plan, AnEpochOfBucketsHoldsEachExampleOnce) {
  for (const BatchSize size :
       {BatchSize{7, 0}, BatchSize{1, 0}, BatchSize{5000, 0}, BatchSize{0, 300}}) {
    const auto plan = bucketed_plan(lengths_of(1003), size, 5, Last::kKeep);
    for (const int64_t epoch : {0, 1, 7}) expect_each_once(epoch_rows(*plan, epoch), 1003);
    EXPECT_NE(epoch_rows(*plan, 0), epoch_rows(*plan, 1));
  }
}

TEST(Plan, ABatchHoldsLikeLengths) {
  const auto lengths = lengths_of(6400);
  const auto plan = bucketed_plan(lengths, {10, 0}, 5, Last::kKeep);
  int64_t padded = 0, tokens = 0;
  for (int64_t s = 0; s < plan->steps_per_epoch(); ++s) {
    int64_t longest = 0;
    for (const auto row : plan->rows(s)) {
      longest = std::max(longest, lengths[static_cast<std::size_t>(row)]);
      tokens += lengths[static_cast<std::size_t>(row)];
    }
    padded += longest * 10;
  }
  EXPECT_LT(static_cast<double>(padded), 1.05 * static_cast<double>(tokens));
}

TEST(Plan, TheTokenBudgetHolds) {
  const auto lengths = lengths_of(2000);
  const auto plan = bucketed_plan(lengths, {0, 400}, 9, Last::kKeep);
  int64_t most = 0;
  for (int64_t s = 0; s < 3 * plan->steps_per_epoch(); ++s) {
    const auto rows = plan->rows(s);
    int64_t longest = 0;
    for (const auto row : rows) longest = std::max(longest, lengths[static_cast<std::size_t>(row)]);
    most = std::max(most, longest * static_cast<int64_t>(rows.size()));
  }
  EXPECT_LE(most, 400);
  EXPECT_GT(most, 300);
  EXPECT_TRUE(contains(input_error([&] {
                         bucketed_plan(lengths, {0, 99}, 9, Last::kKeep);
                       }),
                       "does not hold the longest example, 100 tokens"));
}

TEST(Plan, DropLastLeavesWholeBatches) {
  const auto plan = bucketed_plan(lengths_of(103), {10, 0}, 1, Last::kDrop);
  EXPECT_EQ(plan->steps_per_epoch(), 10);
  for (int64_t s = 0; s < 20; ++s) EXPECT_EQ(plan->rows(s).size(), 10u);
  EXPECT_TRUE(contains(input_error([&] {
                         bucketed_plan(lengths_of(3), {10, 0}, 1, Last::kDrop);
                       }),
                       "fewer than a batch of 10"));
}

TEST(Plan, EndlessBatchesAreFullAndEpochsFollowWithoutAGap) {
  const auto plan = endless_plan(10, 4, 3);
  std::vector<int64_t> all;
  for (int64_t s = 0; s < 10; ++s) {
    const auto rows = plan->rows(s);
    ASSERT_EQ(rows.size(), 4u);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  for (int epoch = 0; epoch < 4; ++epoch) {
    expect_each_once({all.begin() + epoch * 10, all.begin() + (epoch + 1) * 10}, 10);
  }
  EXPECT_EQ(endless_plan(3, 8, 3)->rows(2).size(), 8u);
}

TEST(Plan, ASweepIsSortedAndComplete) {
  const auto plan = sweep_plan({5, 1, 5, 3}, 3);
  EXPECT_EQ(plan->steps_per_epoch(), 2);
  EXPECT_EQ(plan->rows(0), (std::vector<int64_t>{1, 3, 0}));
  EXPECT_EQ(plan->rows(1), (std::vector<int64_t>{2}));
  EXPECT_TRUE(contains(input_error([] { sweep_plan({1}, 0); }), "at least 1 row"));
}

}  // namespace
}  // namespace regard::data
