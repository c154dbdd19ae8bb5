#include "regard/data/readers/ladder.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"

namespace regard::data {
namespace {

std::vector<PairLength> made_lengths(int64_t count) {
  Random random(1, RandomStream::kTest);
  std::vector<PairLength> lengths;
  for (int64_t i = 0; i < count; ++i) {
    const auto source = static_cast<int64_t>(3 + random.below(15) * random.below(4));
    lengths.push_back({source, source + static_cast<int64_t>(random.below(6))});
  }
  return lengths;
}

TEST(Ladder, EveryEpochHoldsEachPairOnceInFewShapes) {
  const auto lengths = made_lengths(2000);
  const auto plan = ladder_plan(lengths, {.tokens = 1000}, 16, 7);
  const auto steps = plan->steps_per_epoch();
  std::vector<std::vector<int64_t>> first;
  for (int64_t epoch = 0; epoch < 2; ++epoch) {
    std::set<std::vector<int64_t>> shapes;
    std::vector<int64_t> seen(lengths.size());
    for (int64_t step = epoch * steps; step < (epoch + 1) * steps; ++step) {
      const auto rows = plan->rows(step);
      const auto shape = plan->shape(step);
      shapes.insert({shape.rows, shape.source, shape.target});
      EXPECT_LE(static_cast<int64_t>(rows.size()), shape.rows);
      EXPECT_LE(shape.rows * (shape.source + shape.target), 1000);
      for (const auto row : rows) {
        ++seen[static_cast<std::size_t>(row)];
        EXPECT_LE(lengths[static_cast<std::size_t>(row)].source, shape.source);
        EXPECT_LE(lengths[static_cast<std::size_t>(row)].target, shape.target);
      }
      if (epoch == 0) first.push_back(rows);
    }
    EXPECT_LE(shapes.size(), 16u);
    EXPECT_GT(shapes.size(), 4u);
    for (const auto times : seen) EXPECT_EQ(times, 1);
  }
  EXPECT_NE(first.front(), plan->rows(steps));  // another order
  EXPECT_EQ(first.front(), plan->rows(0));      // a pure function of the step
}

// Against every way to cut eight lengths into three ranges.
TEST(Ladder, TakesTheCutWithTheFewestPositions) {
  std::vector<PairLength> lengths;
  const std::vector<int64_t> counts = {5, 1, 9, 2, 2, 7, 1, 3};
  for (std::size_t l = 0; l < counts.size(); ++l) {
    for (int64_t i = 0; i < counts[l]; ++i) {
      const auto longer = static_cast<int64_t>(l) + 1;
      lengths.push_back({longer, std::max<int64_t>(1, longer - i % 3)});
    }
  }
  constexpr int64_t kRows = 4;
  const auto cost = [&](std::size_t from, std::size_t to) {  // lengths [from, to)
    int64_t count = 0;
    PairLength most;
    for (const auto& l : lengths) {
      const auto longer = static_cast<std::size_t>(l.source);
      if (longer <= from || longer > to) continue;
      ++count;
      most = {std::max(most.source, l.source), std::max(most.target, l.target)};
    }
    return (count + kRows - 1) / kRows * kRows * (most.source + most.target);
  };
  int64_t best = 1 << 30;
  for (std::size_t a = 0; a <= 8; ++a) {
    for (std::size_t b = a; b <= 8; ++b) {
      const auto part = [&](std::size_t from, std::size_t to) {
        return from == to ? 0 : cost(from, to);
      };
      best = std::min(best, part(0, a) + part(a, b) + part(b, 8));
    }
  }
  const auto plan = ladder_plan(lengths, {.rows = kRows}, 3, 1);
  int64_t positions = 0;
  for (int64_t step = 0; step < plan->steps_per_epoch(); ++step) {
    const auto shape = plan->shape(step);
    positions += shape.rows * (shape.source + shape.target);
  }
  EXPECT_EQ(positions, best);
}

TEST(Ladder, RefusesABudgetThatDoesNotHoldThePair) {
  try {
    ladder_plan({{30, 40}, {2, 2}}, {.tokens = 60}, 16, 1);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "a batch of 60 tokens, source and target together, does not hold the longest "
                 "pair, 70 tokens; raise it");
  }
}

TEST(Ladder, ASweepGivesEachPairOnceShortestFirst) {
  const auto lengths = made_lengths(100);
  const auto plan = pair_sweep(lengths, 16);
  EXPECT_EQ(plan->steps_per_epoch(), 7);
  int64_t before = 0;
  std::set<int64_t> seen;
  for (int64_t step = 0; step < 7; ++step) {
    for (const auto row : plan->rows(step)) {
      const auto& l = lengths[static_cast<std::size_t>(row)];
      EXPECT_GE(std::max(l.source, l.target), before);
      before = std::max(l.source, l.target);
      seen.insert(row);
    }
  }
  EXPECT_EQ(seen.size(), 100u);
}

}  // namespace
}  // namespace regard::data
