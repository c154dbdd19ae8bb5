// What one walk teaches: errors of single ratios against its length, beside the exponents of the
// learnability matrix.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "regard/theory/markov/collapse.hpp"
#include "regard/theory/markov/text_model.hpp"
#include "regard/theory/markov/walk.hpp"

namespace regard::markov {
namespace {

/// Medians of the error of log(pi_1k / pi_0k), by column k, over walks that token 0 wins. The mean
/// is that of the few walks in which token 1 was hardly drawn.
std::vector<double> errors(const Chain& chain, int64_t length, int64_t runs) {
  const int32_t prompt[] = {2, 1, 0};
  const Kernel kernel(chain, prompt, {});
  std::vector<std::vector<double>> miss(3);
  for (int64_t run = 0; run < runs; ++run) {
    auto walk = make_walk(kernel, 5, static_cast<uint64_t>(run), length);
    std::vector<uint16_t> out(static_cast<std::size_t>(length - 3));
    walk->run_to(length, out.data());
    if (walk->counts()[0] < 3 * length / 5) continue;
    Text text{{2, 1, 0}, 3, {}};
    text.ids.insert(text.ids.end(), out.begin(), out.end());
    const auto fit = fit_power(text, {3, length}, length, 1e-9, .5, 1, 1).model;
    for (std::size_t k = 0; k < 3; ++k) {
      miss[k].push_back(std::abs(
          std::log(fit.pi[3 * k + 1] / fit.pi[3 * k]) -
          std::log(chain.at(1, static_cast<int64_t>(k)) / chain.at(0, static_cast<int64_t>(k)))));
    }
  }
  std::vector<double> medians;
  for (auto& values : miss) {
    std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                     values.end());
    medians.push_back(values[values.size() / 2]);
  }
  return medians;
}

TEST(LongLearnable, EntriesFallOrStallAsTheMatrixSays) {
  if (std::getenv("REGARD_LONG_TESTS") == nullptr) GTEST_SKIP() << "make test-long runs this";
  const Chain chain{3, {.6, .25, .15, .3, .45, .25, .25, .35, .40}, {}};
  const auto end = single_winners(chain)[0];
  std::vector<std::vector<double>> all;
  for (const int64_t length : {1000, 10000, 100000}) {
    all.push_back(errors(chain, length, length == 100000 ? 100 : 300));
    std::printf("t = %ld: after 0 %.3f, after 1 %.3f, after 2 %.3f\n", static_cast<long>(length),
                all.back()[0], all.back()[1], all.back()[2]);
  }
  // After the winner the error falls as t^-(lambda_1 / 2); after token 2, lambda_2 + lambda_1 < 1,
  // it stays.
  const double predicted = std::pow(100, -.5 * learnable(end, 1, 0).exponent);
  EXPECT_NEAR(all[2][0] / all[0][0], predicted, .5 * predicted);
  EXPECT_FALSE(learnable(end, 1, 2).learnable);
  EXPECT_GT(all[2][2] / all[0][2], .7);
}

}  // namespace
}  // namespace regard::markov
