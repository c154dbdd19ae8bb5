// Sampling knows a step function alone: B prompts at once are one by one, and a draw is that of the
// sorted vocabulary.
#include "regard/models/sampling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/fixture.hpp"
#include "regard/base/error.hpp"
#include "regard/models/kinds/language_model.hpp"

namespace regard::models {
namespace {

std::vector<double> some_logits(int64_t count, uint64_t seed) {
  Random random(seed, RandomStream::kTest);
  std::vector<double> logits;
  for (int64_t i = 0; i < count; ++i) logits.push_back(std::floor(8 * random.uniform()) / 2);
  return logits;
}

/// The definition: all of the vocabulary in order, a number falls into one of the weights.
int32_t by_sorting(const std::vector<double>& logits, double temperature, int64_t top_k,
                   Random& random) {
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return logits[static_cast<std::size_t>(a)] > logits[static_cast<std::size_t>(b)];
  });
  if (temperature == 0) return order[0];
  if (top_k > 0 && top_k < static_cast<int64_t>(order.size()))
    order.resize(static_cast<std::size_t>(top_k));
  std::vector<double> weights;
  double total = 0;
  for (const auto i : order) {
    weights.push_back(std::exp(
        (logits[static_cast<std::size_t>(i)] - logits[static_cast<std::size_t>(order[0])]) /
        temperature));
    total += weights.back();
  }
  double at = random.uniform() * total;
  for (std::size_t i = 0; i < order.size(); ++i) {
    at -= weights[i];
    if (at < 0) return order[i];
  }
  return order.back();
}

TEST(Sampling, ADrawIsThatOfTheSortedVocabulary) {
  Random a(1, RandomStream::kSample), b(1, RandomStream::kSample);
  for (uint64_t s = 0; s < 300; ++s) {
    const auto logits = some_logits(s % 3 == 0 ? 5 : 70, s);
    for (const double temperature : {0., .7, 2.}) {
      for (const int64_t top_k : {0, 1, 3, 200})
        ASSERT_EQ(draw_token(logits.data(), static_cast<int64_t>(logits.size()), temperature,
                             {.top_k = top_k}, a),
                  by_sorting(logits, temperature, top_k, b));
    }
  }
}

Step step_of(LanguageModel& model) {
  auto state = std::make_shared<nn::TrunkState>(model.start());
  return [state, &model](const Tensor& ids) { return model.step(ids, *state); };
}

TEST(Sampling, ManyPromptsAtOnceAreOneByOne) {
  const torch::NoGradGuard guard;
  for (const char* phrase : {"softmax", "hrr", "linear", "off"}) {
    auto spec = small_spec("language_model");
    LanguageModel model(spec, small_shape(), phrases({phrase}), 1);
    model.eval();
    const auto prompts = ids(5, 3);
    const Sampling sampling{.temperature = 1.2, .keep = {.top_k = 7}, .penalty = .3, .seed = 4};
    const auto together = sample(step_of(model), prompts, 18, sampling);
    for (int64_t b = 0; b < 5; ++b) {
      auto alone = sampling;
      alone.first_row = b;
      EXPECT_EQ(sample(step_of(model), prompts.narrow(0, b, 1), 18, alone)[0],
                together[static_cast<std::size_t>(b)])
          << phrase << " " << b;
    }
  }
}

TEST(Sampling, WatchesLogitsAndIds) {
  const Step uniform = [](const Tensor& ids) { return torch::zeros({ids.size(0), 4}); };
  int64_t rows = 0, steps = 0;
  SamplingWatch watch;
  watch.logits = [&](int64_t, const Tensor& logits) { rows += logits.size(0); };
  watch.drawn = [&](int64_t at, const std::vector<int32_t>& ids) {
    EXPECT_EQ(at, steps++);
    EXPECT_EQ(ids.size(), 3u);
  };
  const auto made = sample(uniform, torch::zeros({3, 2}, torch::kLong), 500, {}, watch);
  EXPECT_EQ(rows, 1500);
  EXPECT_EQ(steps, 500);
  std::vector<int64_t> counts(4);
  for (const auto id : made[1]) ++counts[static_cast<std::size_t>(id)];
  for (const auto n : counts) EXPECT_NEAR(n, 125, 50);
}

TEST(Sampling, APenaltyEvensCountsOut) {
  const Step skewed = [](const Tensor& ids) {
    return torch::tensor({2.f, 0.f}).expand({ids.size(0), 2});
  };
  const auto share = [&](double penalty) {
    const auto made =
        sample(skewed, torch::zeros({1, 1}, torch::kLong), 4000, {.penalty = penalty});
    return static_cast<double>(std::count(made[0].begin(), made[0].end(), 0)) / 4000;
  };
  EXPECT_NEAR(share(0), 1 / (1 + std::exp(-2)), .03);
  // m ~ exp(l / (1 + rho)) in the limit.
  EXPECT_NEAR(share(1), 1 / (1 + std::exp(-1)), .03);
}

TEST(Sampling, LogitsThatAreNotFiniteAreRefused) {
  const Step broken = [](const Tensor& ids) { return torch::full({ids.size(0), 3}, NAN); };
  EXPECT_THROW(sample(broken, torch::zeros({1, 1}, torch::kLong), 1, {}), RunError);
}

}  // namespace
}  // namespace regard::models
