#include "regard/theory/markov/ensemble.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "markov/three_tokens.hpp"
#include "regard/base/error.hpp"
#include "regard/theory/markov/walk_report.hpp"

namespace regard::markov {
namespace {

Ensemble ensemble(const Chain& chain, std::vector<int32_t> prompt, int64_t until, int64_t runs,
                  const Rules& rules = {}, int64_t threads = 2) {
  WalkSpec spec;
  spec.until = static_cast<double>(until);
  spec.runs = runs;
  spec.rules = rules;
  const Kernel kernel(chain, prompt, rules);
  auto e = start_ensemble(kernel, spec);
  add_runs(e, kernel, spec, runs, threads);
  return e;
}

TEST(Ensemble, TheSameOnAnyNumberOfThreadsAndInAnyBlocks) {
  WalkSpec spec;
  spec.until = 2000;
  spec.runs = 40;
  for (const char* sampler : {"scan", "rejection", "alias"}) {
    spec.rules.sampler = sampler;
    const Kernel kernel(three_tokens(), std::vector<int32_t>{2, 1, 0}, spec.rules);
    auto one = start_ensemble(kernel, spec), two = one;
    add_runs(one, kernel, spec, 40, 1);
    add_runs(two, kernel, spec, 7, 3);
    add_runs(two, kernel, spec, 33, 2);
    EXPECT_EQ(one.done, two.done);
    EXPECT_EQ(one.paths, two.paths);
    for (const auto& [winner, sums] : one.winners) {
      EXPECT_EQ(sums.mass, two.winners.at(winner).mass);
      EXPECT_EQ(sums.slope, two.winners.at(winner).slope);
    }
  }
}

/// Means at 3000 tokens of 20,000 runs of a prototype, within 4 standard errors of both sides.
TEST(Ensemble, ThreeTokensWithAPromptThatEndsInTokenZero) {
  const auto e = ensemble(three_tokens(), {2, 1, 0}, 3000, 2000);
  constexpr double kMean[] = {.7104, .2332, .0564}, kError[] = {.0028, .0025, .0012};
  const auto last = e.times.size() - 1;
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_NEAR(e.mean(last, i), kMean[i], 4 * std::hypot(e.mean_error(last, i), kError[i])) << i;
}

/// Kolmogorov's distribution: P(D > d) for n values.
double kolmogorov(double d, int64_t n) {
  const double root = std::sqrt(static_cast<double>(n)), x = (root + .12 + .11 / root) * d;
  double sum = 0;
  for (int j = 1; j <= 100; ++j) sum += (j % 2 == 1 ? 2 : -2) * std::exp(-2.0 * j * j * x * x);
  return sum;
}

TEST(Ensemble, EqualChancesAreAPolyaUrn) {
  // From (1, 1) the share is uniform, from (1, 2) it is Beta(2, 1): P(m <= x) = x^2.
  for (const auto& prompt : {std::vector<int32_t>{0, 1}, {0, 1, 1}}) {
    const Kernel kernel(memoryless_pair(.5), prompt, {});
    std::vector<double> m;
    constexpr int64_t kRuns = 2000, kLength = 4000;
    for (int64_t run = 0; run < kRuns; ++run) {
      auto walk = make_walk(kernel, 3, static_cast<uint64_t>(run), kLength);
      walk->run_to(kLength);
      m.push_back((static_cast<double>(walk->counts()[1]) - .5) / kLength);
    }
    std::sort(m.begin(), m.end());
    double d = 0;
    for (std::size_t i = 0; i < m.size(); ++i) {
      const double f = prompt.size() == 2 ? m[i] : m[i] * m[i];
      d = std::max({d, std::abs(f - static_cast<double>(i) / kRuns),
                    std::abs(f - static_cast<double>(i + 1) / kRuns)});
    }
    EXPECT_GT(kolmogorov(d, kRuns), .01);
  }
}

/// Mean slope of log N of the loser over the last two decades, given the winner 0.
double slope(const Ensemble& e) {
  const auto& sums = e.winners.at(0);
  return sums.slope[1] / static_cast<double>(sums.runs);
}

TEST(Ensemble, AttentionTemperatureChangesTheSlope) {
  for (const auto& [t, predicted] : {std::pair{.5, .184}, {1., .429}, {2., .655}}) {
    const auto e = ensemble(memoryless_pair(.3), {1, 0}, 100000, 200, {.attention_temperature = t});
    EXPECT_NEAR(slope(e), predicted, .05) << t;
  }
}

TEST(Ensemble, AWindowOfEqualChancesComesToOneToken) {
  std::vector<int32_t> prompt;
  for (int32_t i = 0; i < 32; ++i) prompt.push_back(i % 2);
  const auto e = ensemble(memoryless_pair(.5), prompt, 20000, 1500, {.window = 32});
  EXPECT_EQ(e.fixed, e.done);
  // ln 2 / 2 of the square of the window, from half and half.
  EXPECT_NEAR(e.fixation / static_cast<double>(e.fixed) / (32. * 32), .347, .035);
}

TEST(Ensemble, TimesOfLooks) {
  const auto times = look_times(3, 1000, 4);
  EXPECT_EQ(times.front(), 3);
  EXPECT_EQ(times.back(), 1000);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  EXPECT_EQ(look_times(5, 5, 8), std::vector<int64_t>{5});
}

TEST(Ensemble, RefusesWhatCannotBeWalked) {
  WalkSpec spec;
  const auto chain = three_tokens();
  const std::vector<int32_t> prompt = {0, 1, 2};
  const auto refused = [&](auto&& change, const char* part) {
    auto other = spec;
    change(other);
    try {
      const Kernel kernel(chain, prompt, other.rules);
      other.check(kernel, 2);
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
      return;
    }
    ADD_FAILURE() << part;
  };
  refused([](WalkSpec& s) { s.rules.temperature = 0; }, "--temperature: a number above 0");
  refused([](WalkSpec& s) { s.rules.attention_temperature = -1; }, "--attention-temperature");
  refused([](WalkSpec& s) { s.until = 2e16; }, "2^53");
  refused([](WalkSpec& s) { s.until = 2; }, "at least the prompt's 3 tokens");
  refused([](WalkSpec& s) { s.rules.sampler = "alias", s.until = 4e15; }, "bytes");
  refused([](WalkSpec& s) { s.rules.sampler = "alias", s.rules.window = 5; }, "no --window");
  refused([](WalkSpec& s) { s.rules.sampler = "rejection", s.rules.penalty = .5; }, "sampler scan");
  refused([](WalkSpec& s) { s.rules.positions.by_distance = {0, 0}; }, "all are 0");
}

class LongEnsemble : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("REGARD_LONG_TESTS") == nullptr) GTEST_SKIP() << "make test-long runs this";
  }
};

TEST_F(LongEnsemble, WinnersOfThreeTokensAfterAMillion) {
  const auto e = ensemble(three_tokens(), {2, 1, 0}, 1000000, 2000);
  constexpr double kShare[] = {.740, .225, .035};
  for (int64_t i = 0; i < 3; ++i) {
    const double error = std::sqrt(kShare[i] * (1 - kShare[i]) / 2000);
    const double share = static_cast<double>(e.winners.at(i).runs) / 2000;
    EXPECT_NEAR(share, kShare[i], 4 * std::sqrt(2.0) * error) << i;
    std::printf("winner %d: %.4f\n", static_cast<int>(i), share);
  }
}

TEST_F(LongEnsemble, OtherEndsOfThePromptWinLessOften) {
  for (const auto& [prompt, share] :
       {std::pair{std::vector<int32_t>{0, 2, 1}, .58}, {std::vector<int32_t>{0, 1, 2}, .57}}) {
    const auto e = ensemble(three_tokens(), prompt, 3000, 4000);
    const double error = std::sqrt(share * (1 - share) / 4000);
    EXPECT_NEAR(static_cast<double>(e.winners.at(0).runs) / 4000, share,
                4 * std::sqrt(2.0) * error + .005);
  }
}

TEST_F(LongEnsemble, EverySamplerHasTheMeanOfTheRecursionAtTenThousand) {
  const int64_t times[] = {1000, 10000};
  for (const double p : {.2, .3, .4}) {
    const auto exact = exact_pair_means(p, 1, 1, times);
    for (const char* sampler : {"scan", "rejection", "alias"}) {
      WalkSpec spec;
      spec.until = 10000;
      spec.rules.sampler = sampler;
      const Kernel kernel(memoryless_pair(p), std::vector<int32_t>{0, 1}, spec.rules);
      auto e = start_ensemble(kernel, spec);
      e.times = {1000, 10000};
      add_runs(e, kernel, spec, 20000, 2);
      for (std::size_t s = 0; s < 2; ++s)
        EXPECT_NEAR(e.mean(s, 1), exact[s], 4 * e.mean_error(s, 1)) << sampler << " " << p;
    }
  }
}

TEST_F(LongEnsemble, TheCycleOfTwoHoldsItsShares) {
  const Chain chain{3, {.1, .7, .2, .6, .1, .3, .5, .4, .1}, {}};
  const auto e = ensemble(chain, {0, 1, 2}, 1000000, 60);
  const auto last = e.times.size() - 1;
  EXPECT_NEAR(e.mean(last, 0), .4930, .006);
  EXPECT_NEAR(e.mean(last, 1), .5070, .006);
  EXPECT_NEAR(e.mean(last, 2), 0, .01);
}

}  // namespace
}  // namespace regard::markov
