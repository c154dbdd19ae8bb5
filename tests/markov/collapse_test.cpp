#include "regard/theory/markov/collapse.hpp"
#include "markov/three_tokens.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace regard::markov {
namespace {

TEST(Collapse, MeanOfTwoTokensByRecursion) {
  constexpr double kExact[][3] = {
      {.2, .00686354, .00122454}, {.3, .02861616, .00795095}, {.4, .14693267, .08193708}};
  constexpr double kOverLimit[] = {.9993, .9849, .6589};
  const std::vector<int64_t> times = {1000, 10000};
  for (int i = 0; i < 3; ++i) {
    const double p = kExact[i][0];
    const auto means = exact_pair_means(p, 1, 1, times);
    EXPECT_NEAR(means[0], kExact[i][1], 1e-7) << p;
    EXPECT_NEAR(means[1], kExact[i][2], 1e-7) << p;
    EXPECT_NEAR(means[1] / pair_limit(p, 1, 1, 1e4), kOverLimit[i], 1e-4) << p;
  }
}

TEST(Collapse, ExponentsOfSingleWinners) {
  const auto ends = single_winners(three_tokens());
  ASSERT_EQ(ends.size(), 3u);
  constexpr double kLambda[3][3] = {{1, .4167, .25}, {.6667, 1, .5556}, {.625, .875, 1}};
  for (std::size_t w = 0; w < 3; ++w) {
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(ends[w].lambda[i], kLambda[w][i], 5e-5);
  }
  EXPECT_TRUE(pair_winners(three_tokens()).empty());
}

TEST(Collapse, ACycleOfTwo) {
  const Chain chain{3, {.1, .7, .2, .6, .1, .3, .5, .4, .1}, {}};
  EXPECT_TRUE(single_winners(chain).empty());
  const auto pairs = pair_winners(chain);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_NEAR(pairs[0].m[0], .492958, 1e-6);
  EXPECT_NEAR(pairs[0].m[1], .507042, 1e-6);
  EXPECT_NEAR(pairs[0].lambda[2], .682927, 1e-6);
  EXPECT_NEAR(pairs[0].lambda[0], 1, 1e-12);
  const auto ends = averaged_ends(chain, 50, 1);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_NEAR(ends[0].m[0], pairs[0].m[0], 1e-9);
}

TEST(Collapse, EveryEndOfTheAveragedEquationIsStable) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const auto chain = dirichlet_chain(8, seed);
    for (const auto& end : averaged_ends(chain, 40, seed)) {
      EXPECT_TRUE(end.stable) << seed;
      for (const auto i : end.support)
        EXPECT_NEAR(end.lambda[static_cast<std::size_t>(i)], 1, 1e-4);
    }
    for (const auto& end : single_winners(chain)) EXPECT_TRUE(end.stable);
  }
}

TEST(Collapse, TokensOnTheirWayOutAreNoPartOfAnEnd) {
  const auto chain = dirichlet_chain(40, 1);
  for (const auto& end : averaged_ends(chain, 30, 1)) {
    for (const auto i : end.support) {
      EXPECT_GT(end.m[static_cast<std::size_t>(i)], 1e-6);
      EXPECT_NEAR(end.lambda[static_cast<std::size_t>(i)], 1, 1e-3);
    }
  }
}

TEST(Collapse, WhatAWalkTeaches) {
  const auto ends = single_winners(three_tokens());
  EXPECT_TRUE(learnable(ends[0], 1, 0).learnable);   // a loser after the winner
  EXPECT_FALSE(learnable(ends[0], 1, 2).learnable);  // .4167 + .25 < 1
  EXPECT_TRUE(learnable(ends[1], 0, 2).learnable);   // .6667 + .5556 > 1
  EXPECT_NEAR(learnable(ends[0], 1, 2).exponent, .4167 + .25 - 1, 1e-4);
  // Two tokens: the law after the loser is learned for p > 1/3, where the sum of m_2^2 diverges.
  EXPECT_FALSE(learnable(single_winners(memoryless_pair(.32))[0], 1, 1).learnable);
  EXPECT_TRUE(learnable(single_winners(memoryless_pair(.35))[0], 1, 1).learnable);
}

TEST(Collapse, AttentionTemperatureChangesTheExponent) {
  const auto chain = memoryless_pair(.3);
  for (const auto& [t, slope] : {std::pair{.5, .184}, {1.0, .429}, {2.0, .655}})
    EXPECT_NEAR(single_winners(tempered(chain, t))[0].lambda[1], slope, 5e-4);
}

}  // namespace
}  // namespace regard::markov
