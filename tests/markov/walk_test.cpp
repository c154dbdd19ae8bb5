#include "regard/theory/markov/walk.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "regard/theory/markov/collapse.hpp"

namespace regard::markov {
namespace {

struct Moments {
  double mean = 0, error = 0;
};

/// Mean share of the last outcome after `length` tokens.
Moments share(const Kernel& kernel, int64_t runs, int64_t length) {
  double sum = 0, squares = 0;
  for (int64_t run = 0; run < runs; ++run) {
    auto walk = make_walk(kernel, 7, static_cast<uint64_t>(run), length);
    walk->run_to(length);
    const double m = static_cast<double>(walk->counts().back()) / static_cast<double>(length);
    sum += m;
    squares += m * m;
  }
  const auto n = static_cast<double>(runs);
  const double mean = sum / n;
  return {mean, std::sqrt((squares / n - mean * mean) / n)};
}

TEST(Walk, EverySamplerHasTheMeanOfTheRecursion) {
  const int32_t prompt[] = {0, 1};
  for (const double p : {.2, .3, .4}) {
    const int64_t time[] = {1000};
    const double exact = exact_pair_means(p, 1, 1, time)[0];
    for (const char* sampler : {"scan", "rejection", "alias"}) {
      const Kernel kernel(memoryless_pair(p), prompt, {.sampler = sampler});
      const auto [mean, error] = share(kernel, 4000, 1000);
      EXPECT_NEAR(mean, exact, 4 * error) << sampler << " " << p;
    }
  }
}

/// Chi-square of two samples of the final counts' bins.
double chi_square(const std::vector<double>& a, const std::vector<double>& b, int64_t& freedom) {
  double sum = 0;
  freedom = -1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] + b[i] < 10) continue;
    sum += (a[i] - b[i]) * (a[i] - b[i]) / (a[i] + b[i]);
    ++freedom;
  }
  return sum;
}

/// The 99.9 % quantile of chi-square, by Wilson and Hilferty (1931).
double most(int64_t freedom) {
  const auto n = static_cast<double>(freedom);
  const double a = 2 / (9 * n);
  return n * std::pow(1 - a + 3.0902 * std::sqrt(a), 3);
}

void agrees_with_scan(int64_t tokens, Rules rules, const std::string& sampler, int64_t runs) {
  const auto chain = dirichlet_chain(tokens, 5);
  std::vector<int32_t> prompt;
  for (int64_t i = 0; i < tokens; ++i) prompt.push_back(static_cast<int32_t>(i));
  const int64_t length = 300 + tokens;
  const auto counts = [&](const std::string& name, uint64_t seed, std::vector<double>& last,
                          std::vector<double>& share) {
    rules.sampler = name;
    const Kernel kernel(chain, prompt, rules);
    last.assign(static_cast<std::size_t>(tokens), 0);
    share.assign(64, 0);
    for (int64_t run = 0; run < runs; ++run) {
      auto walk = make_walk(kernel, seed, static_cast<uint64_t>(run), length);
      walk->run_to(length);
      ++last[walk->last()];
      ++share[static_cast<std::size_t>(std::min<int64_t>(63, walk->counts()[1] / 4))];
    }
  };
  std::vector<double> last, share, scan_last, scan_share;
  counts("scan", 1, scan_last, scan_share);
  counts(sampler, 2, last, share);
  int64_t freedom = 0;
  const double of_last = chi_square(last, scan_last, freedom);
  EXPECT_LT(of_last, most(freedom)) << sampler << " K = " << tokens;
  const double of_share = chi_square(share, scan_share, freedom);
  if (freedom > 0) {
    EXPECT_LT(of_share, most(freedom)) << sampler << " K = " << tokens;
  }
}

TEST(Walk, SamplersAgreeWithTheScan) {
  for (const int64_t tokens : {3, 16, 256}) {
    const int64_t runs = tokens == 256 ? 2000 : 6000;
    agrees_with_scan(tokens, {}, "rejection", runs);
    agrees_with_scan(tokens, {}, "alias", runs);
  }
  agrees_with_scan(16, {.window = 40}, "rejection", 4000);
  agrees_with_scan(16, {.positions = {{1, .5, .3, .2, .1, .05}, {}}}, "rejection", 4000);
  agrees_with_scan(16, {.window = 4, .positions = {{1, .5, .3, .2, .1, .05}, {}}}, "rejection",
                   4000);
  agrees_with_scan(16, {.attention_temperature = 2}, "alias", 4000);
}

TEST(Walk, OneTokenRepeatsForEver) {
  const auto chain = dirichlet_chain(4, 1);
  const int32_t prompt[] = {2, 2};
  for (const char* sampler : {"scan", "rejection", "alias"}) {
    const Kernel kernel(chain, prompt, {.sampler = sampler});
    auto walk = make_walk(kernel, 1, 0, 500);
    walk->run_to(500);
    EXPECT_EQ(walk->counts(), std::vector<int64_t>{500});
  }
}

TEST(Walk, TheLastPositionAloneRepeats) {
  const auto chain = dirichlet_chain(4, 1);
  const int32_t prompt[] = {2, 0, 1};
  for (const char* sampler : {"scan", "rejection"}) {
    const Kernel kernel(chain, prompt, {.sampler = sampler, .positions = {{1}, {}}});
    auto walk = make_walk(kernel, 1, 0, 200);
    std::vector<uint16_t> out(197);
    walk->run_to(200, out.data());
    for (const auto token : out) EXPECT_EQ(kernel.tokens()[token], 1);
  }
}

TEST(Walk, WeightsOfOneAreTheChain) {
  const auto chain = dirichlet_chain(5, 1);
  const int32_t prompt[] = {2, 0, 1, 4};
  const Kernel plain(chain, prompt, {.sampler = "scan"});
  const Kernel weighed(chain, prompt,
                       {.sampler = "scan", .positions = {std::vector<double>(400, 1.0), {1, 1}}});
  std::vector<uint16_t> a(396), b(396);
  make_walk(plain, 3, 1, 400)->run_to(400, a.data());
  make_walk(weighed, 3, 1, 400)->run_to(400, b.data());
  EXPECT_EQ(a, b);
}

TEST(Walk, SupportsNeverGrow) {
  const auto chain = dirichlet_chain(9, 1);
  const int32_t prompt[] = {2, 7, 1};
  for (const char* sampler : {"scan", "rejection", "alias"}) {
    const Kernel kernel(chain, prompt, {.sampler = sampler});
    EXPECT_EQ(kernel.tokens(), (std::vector<int32_t>{1, 2, 7}));
    auto walk = make_walk(kernel, 1, 0, 2000);
    std::vector<uint16_t> out(1997);
    walk->run_to(2000, out.data());
    for (const auto token : out) ASSERT_LT(token, 3);
  }
}

TEST(Walk, SamplingTemperatureAboveOneEndsTheCollapse) {
  // m_j ~ p_j^(1 / (T - 1)) without memory.
  const int32_t prompt[] = {0, 1};
  for (const auto& [temperature, share_2] : {std::pair{1.5, .1552}, {2.0, .3000}}) {
    const Kernel kernel(memoryless_pair(.3), prompt, {.temperature = temperature});
    EXPECT_EQ(kernel.sampler(), "scan");
    EXPECT_NEAR(share(kernel, 8, 100000).mean, share_2, .01);
  }
}

TEST(Walk, NumbersAreThoseOfRandom) {
  Draws draws(3, 8);
  Random random(3, RandomStream::kChainWalk, 8);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(draws.bits64(), random.bits64());
}

}  // namespace
}  // namespace regard::markov
