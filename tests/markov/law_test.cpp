#include "regard/theory/markov/law.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "regard/base/philox.hpp"

namespace regard::markov {
namespace {

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  EXPECT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST(Law, AttentionIsTheChain) {
  for (const int64_t width : {6, 12}) {
    const auto result = check_equivalence({.width = width, .prompts = 2000});
    EXPECT_LT(result.largest, 1e-12);
    EXPECT_EQ(std::accumulate(result.histogram.begin(), result.histogram.end(), int64_t{0}), 2000);
  }
}

TEST(Law, AttentionOverKeysOfAnotherPromptIsTheChainToo) {
  const auto chain = dirichlet_chain(5, 3);
  const auto model = embed(chain, 9, 4);
  const std::vector<int32_t> keys = {0, 2, 2, 3, 0, 0};
  for (int32_t query = 0; query < 5; ++query) {  // 1 and 4 are no keys
    const auto law = conditioned(chain, masses(keys, 5), query);
    EXPECT_LT(largest_difference(law, attention_law(model, keys, query)), 1e-12);
    EXPECT_EQ(law[1], 0);
    EXPECT_EQ(law[4], 0);
  }
}

TEST(Law, ChainAndWeightsDetermineEachOther) {
  const auto chain = dirichlet_chain(7, 1);
  const auto w = weights_of(chain);
  EXPECT_LT(largest_difference(chain_of(w, 7).p, chain.p), 1e-12);
  EXPECT_LT(largest_difference(weights_of(chain_of(w, 7)), w), 1e-12);
}

TEST(Law, WeightsOutsideOfTheIdentifiableSpaceChangeNothing) {
  const auto chain = dirichlet_chain(4, 2);
  auto model = embed(chain, 8, 5);
  const std::vector<int32_t> prompt = {3, 1, 0, 0, 2, 1};
  const auto before = attention_law(model, prompt, 1);
  // W + u e_k' with u such that e_i' u is the same for all i: a constant for every key.
  for (int64_t r = 0; r < 8; ++r) {
    double u = 0;
    for (int64_t i = 0; i < 4; ++i) u += model.c[static_cast<std::size_t>(i * 8 + r)];
    for (int64_t c = 0; c < 8; ++c)
      model.w[static_cast<std::size_t>(r * 8 + c)] +=
          3 * u * model.e[static_cast<std::size_t>(1 * 8 + c)];
  }
  EXPECT_LT(largest_difference(attention_law(model, prompt, 1), before), 1e-12);
}

TEST(Law, AScaledColumnAndAnotherOrderChangeNothing) {
  auto chain = dirichlet_chain(5, 9);
  const std::vector<int32_t> prompt = {4, 4, 1, 2, 0}, other = {2, 4, 1, 4, 0};
  const auto law = conditioned(chain, masses(prompt, 5), 0);
  EXPECT_LT(largest_difference(law, conditioned(chain, masses(other, 5), 0)), 1e-12);
  for (int64_t i = 0; i < 5; ++i) chain.p[static_cast<std::size_t>(i)] *= 7.3;
  EXPECT_LT(largest_difference(law, conditioned(chain, masses(prompt, 5), 0)), 1e-12);
}

TEST(Law, EqualCountsGiveTheColumn) {
  const auto chain = dirichlet_chain(4, 6);
  const std::vector<int32_t> prompt = {0, 1, 2, 3, 3, 2, 1, 0};
  Chain doubled = chain;  // sums of quarters are exact where the column's entries are
  for (int64_t k = 0; k < 4; ++k) {
    const double eighth[] = {.125, .25, .5, .125};
    for (int64_t i = 0; i < 4; ++i) doubled.p[static_cast<std::size_t>(4 * k + i)] = eighth[i];
  }
  const auto law = conditioned(doubled, masses(prompt, 4), 2);
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(law[static_cast<std::size_t>(i)], doubled.at(i, 2));
}

TEST(Law, PositionsWeighTheirTokens) {
  const std::vector<int32_t> prompt = {0, 1, 1, 2};
  const auto plain = masses(prompt, 3), ones = masses(prompt, 3, {{1, 1, 1, 1}, {1, 1}});
  EXPECT_EQ(plain, ones);
  const auto last = masses(prompt, 3, {{1}, {}});
  EXPECT_EQ(last, (std::vector<double>{0, 0, 1}));
  const auto sink = masses(prompt, 3, {{}, {5}});
  EXPECT_EQ(sink, (std::vector<double>{5. / 8, 2. / 8, 1. / 8}));
  const auto chain = dirichlet_chain(3, 1);
  EXPECT_EQ(conditioned(chain, last, 2), (std::vector<double>{0, 0, 1}));
}

}  // namespace
}  // namespace regard::markov
