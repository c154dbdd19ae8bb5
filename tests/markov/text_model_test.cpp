#include "regard/theory/markov/text_model.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/theory/markov/chain.hpp"

namespace regard::markov {
namespace {

/// A text of the power chain with K = 20 and a window of 256.
Text text_of(double alpha, int64_t length, uint64_t seed) {
  const auto chain = dirichlet_chain(20, 3);
  PowerChain model{20, 256, alpha, 1, chain.p};
  model.pi.insert(model.pi.end(), 20, .05);
  std::vector<int32_t> prompt;
  for (int32_t i = 0; i < 20; ++i) prompt.push_back(i);
  Text text{sample(model, prompt, length, 1, seed, 0), 20, {}};
  for (int64_t i = 0; i < 20; ++i) text.labels.push_back(std::to_string(i));
  return text;
}

TEST(TextModel, FindsTheExponentOfItsText) {
  for (const double alpha : {0., .7}) {
    const auto text = text_of(alpha, 20000, 5);
    const auto fit = fit_power(text, {0, 20000}, 256, 1, 1, 2, NAN);
    EXPECT_NEAR(fit.model.alpha, alpha, 3 * fit.alpha_error) << alpha;
    EXPECT_LT(fit.alpha_error, .05);
  }
}

TEST(TextModel, TheSameOnAnyNumberOfThreads) {
  const auto text = text_of(.5, 5000, 2);
  const auto one = fit_power(text, {0, 5000}, 64, .25, 4, 1, .5),
             two = fit_power(text, {0, 5000}, 64, .25, 4, 3, .5);
  EXPECT_EQ(one.model.pi, two.model.pi);
}

TEST(TextModel, ExponentZeroIsTheBigram) {
  const auto text = text_of(.5, 6000, 2);
  const auto fit = fit_text(text, {.window = 64, .epsilons = {1}});
  PowerChain zero = fit.power;
  const auto bigram = fit_power(text, fit.train, 64, 1, fit.prior, 1, 0);
  EXPECT_NEAR(score(bigram.model, text, fit.test).nats, fit.bigram, 1e-9);
  EXPECT_LT(fit.power_nats, fit.bigram);
  EXPECT_LT(fit.bigram, fit.unigram);
  EXPECT_EQ(fit.other_share, 0);
}

TEST(TextModel, AShuffledTextHasNothingToCount) {
  auto text = text_of(.7, 20000, 8);
  Random random(1, RandomStream::kTest);
  for (std::size_t i = text.ids.size() - 1; i > 0; --i)
    std::swap(text.ids[i], text.ids[random.below(i + 1)]);
  const auto fit = fit_power(text, {0, 20000}, 256, 1, 1, 2, NAN);
  EXPECT_NEAR(fit.model.alpha, 0, 4 * fit.alpha_error);
}

TEST(TextModel, EveryOtherTokenIsNoOutcome) {
  auto text = text_of(.3, 6000, 4);
  for (auto& id : text.ids) id = id < 15 ? id : 15;
  text.outcomes = 15;
  text.labels.resize(15);
  EXPECT_GT(text.other_share(), .1);
  const auto fit = fit_text(text, {.window = 64, .epsilons = {1}});
  for (const auto& id : sample(fit.power, {text.ids.data(), 10}, 500, 1, 1, 0)) EXPECT_LT(id, 15);
  EXPECT_LT(fit.tokens, fit.test.end - fit.test.begin);
}

TEST(TextModel, RefusesWhatIsTooShort) {
  const auto text = text_of(.3, 1000, 4);
  EXPECT_THROW(fit_text({{}, 20, {}}, {}), InputError);
  EXPECT_THROW(fit_text({std::vector<int32_t>(5000, 0), 1, {}}, {}), InputError);
  EXPECT_THROW(fit_text(text, {}), InputError);
}

TEST(TextModel, EffectiveTokens) {
  EXPECT_NEAR(mean_effective(std::vector<int32_t>{0, 1, 2, 3, 0, 1, 2, 3}, 4, 4), 4, 1e-12);
  EXPECT_NEAR(mean_effective(std::vector<int32_t>{2, 2, 2, 2}, 4, 3), 1, 1e-12);
}

class LongTextModel : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("REGARD_LONG_TESTS") == nullptr) GTEST_SKIP() << "make test-long runs this";
  }
};

TEST_F(LongTextModel, FindsTheExponentOfItsText) {
  for (const double alpha : {0., .3, .7, 1.}) {
    const auto text = text_of(alpha, 60000, 11);
    const auto fit = fit_power(text, {0, 60000}, 256, 1, 1, 2, NAN);
    EXPECT_NEAR(fit.model.alpha, alpha, 3 * fit.alpha_error) << alpha;
    std::printf("alpha %.1f: %.4f +- %.4f\n", alpha, fit.model.alpha, fit.alpha_error);
  }
}

}  // namespace
}  // namespace regard::markov
