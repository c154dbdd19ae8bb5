#include "regard/data/readers/split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "readers/helpers.hpp"

namespace regard::data {
namespace {

TEST(HoldOut, IsDisjointCompleteAndStratified) {
  std::vector<int32_t> labels(200, 0);
  for (std::size_t i = 0; i < 40; ++i) labels[i * 5] = 1;
  const auto split = hold_out(labels, 0.1, 7);
  EXPECT_EQ(split.valid.size(), 20u);
  EXPECT_EQ(std::count_if(split.valid.begin(), split.valid.end(),
                          [&](int64_t i) { return labels[static_cast<std::size_t>(i)] == 1; }),
            4);
  std::vector<int64_t> all = split.train;
  all.insert(all.end(), split.valid.begin(), split.valid.end());
  std::sort(all.begin(), all.end());
  std::vector<int64_t> expected(200);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

TEST(HoldOut, DependsOnTheSeedAlone) {
  const std::vector<int32_t> labels(100, 0);
  EXPECT_EQ(hold_out(labels, 0.2, 1).valid, hold_out(labels, 0.2, 1).valid);
  EXPECT_NE(hold_out(labels, 0.2, 1).valid, hold_out(labels, 0.2, 2).valid);
}

TEST(HoldOut, ALabelKeepsItsOnlyExample) {
  const std::vector<int32_t> labels = {0, 1, 1, 1, 1};
  const auto split = hold_out(labels, 0.9, 3);
  EXPECT_TRUE(std::find(split.train.begin(), split.train.end(), 0) != split.train.end());
  EXPECT_EQ(split.train.size(), 2u);
}

TEST(HoldOut, Errors) {
  const std::vector<int32_t> labels = {0, 1};
  EXPECT_TRUE(contains(input_error([&] { hold_out(labels, 0.1, 1); }), "holds out none"));
  EXPECT_TRUE(contains(input_error([&] { hold_out(labels, 1.0, 1); }), "between 0 and 1"));
}

TEST(Shuffled, IsAPermutationThatChangesWithTheEpoch) {
  auto order = shuffled(1000, 5, 0);
  EXPECT_NE(order, shuffled(1000, 5, 1));
  EXPECT_EQ(order, shuffled(1000, 5, 0));
  std::sort(order.begin(), order.end());
  for (int64_t i = 0; i < 1000; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
}

}  // namespace
}  // namespace regard::data
