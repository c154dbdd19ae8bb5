#include "regard/theory/markov/fit.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "regard/theory/markov/derivatives.hpp"
#include "regard/theory/markov/law.hpp"
#include "regard/theory/markov/learn.hpp"

namespace regard::markov {
namespace {

using Eigen::VectorXd;

VectorXd some_weights(int64_t n) {
  VectorXd w(n);
  for (int64_t i = 0; i < n; ++i) w[i] = std::sin(1.7 * static_cast<double>(i) + .3);
  return w;
}

TEST(Fit, GradientAndHessianAreThoseOfTheLoss) {
  const auto set = draw_prompts(dirichlet_chain(5, 1), 400, 6, 2);
  const auto& groups = set.columns[1];
  const auto w = some_weights(5);
  const auto at = derivatives(groups, w);
  constexpr double h = 1e-5;
  for (int64_t i = 0; i < 5; ++i) {
    VectorXd up = w, down = w;
    up[i] += h;
    down[i] -= h;
    const auto a = derivatives(groups, up), b = derivatives(groups, down);
    EXPECT_NEAR(at.gradient[i], (a.loss - b.loss) / (2 * h), 1e-8);
    for (int64_t j = 0; j < 5; ++j)
      EXPECT_NEAR(at.hessian(i, j), (a.gradient[j] - b.gradient[j]) / (2 * h), 1e-8);
    // A Laplacian: rows sum to 0, what is off the diagonal is at most 0.
    EXPECT_NEAR(at.hessian.row(i).sum(), 0, 1e-14);
    for (int64_t j = 0; j < 5; ++j) EXPECT_TRUE(i == j || at.hessian(i, j) <= 0);
  }
}

TEST(Fit, TheLossIsConvex) {
  const auto set = draw_prompts(dirichlet_chain(4, 1), 200, 5, 2);
  const auto a = some_weights(4);
  const VectorXd b = -2 * a.reverse();
  const auto loss = [&](const VectorXd& w) { return derivatives(set.columns[0], w).loss; };
  EXPECT_LE(loss((a + b) / 2), (loss(a) + loss(b)) / 2);
}

int64_t zeros(const std::vector<double>& values) {
  int64_t count = 0;
  for (const double value : values) count += std::abs(value) < 1e-12;
  return count;
}

TEST(Fit, TwoBlocksAreToldApartAndABridgeJoinsThem) {
  const auto chain = dirichlet_chain(6, 4);
  auto set = draw_prompts(chain, 6000, 8, 3, 2);
  // Cross-attention: query 0 over keys of either block.
  PromptGrouper grouper(6);
  for (const auto& column : set.columns) {
    for (const auto& group : column) {
      std::vector<int32_t> keys;
      for (std::size_t a = 0; a < group.tokens.size(); ++a)
        keys.insert(keys.end(), static_cast<std::size_t>(group.counts[a]), group.tokens[a]);
      for (std::size_t a = 0; a < group.tokens.size(); ++a) {
        if (group.chosen[a] > 0) grouper.add(keys, 0, group.tokens[a], group.chosen[a]);
      }
    }
  }
  auto blocks = grouper.finish().columns[0];
  const VectorXd w = VectorXd::Zero(6);
  EXPECT_EQ(zeros(hessian_spectrum(blocks, w)), 2);
  auto fit = fit_column(blocks, 6);
  EXPECT_EQ(fit.components, 2);
  EXPECT_EQ(fit.component, (std::vector<int32_t>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(fit.fiedler, 0);
  // The loss is flat along the indicator of a block, exactly.
  VectorXd moved = w;
  moved.head(3).array() += 1;
  EXPECT_EQ(derivatives(blocks, w).loss, derivatives(blocks, moved).loss);
  Group bridge{{2, 3}, {1, 1}, {1, 0}, 1};
  blocks.push_back(bridge);
  EXPECT_EQ(zeros(hessian_spectrum(blocks, w)), 1);
  fit = fit_column(blocks, 6);
  EXPECT_EQ(fit.components, 1);
  // One choice alone says that 2 is likelier than 3 without end.
  EXPECT_NE(fit.tied[2], fit.tied[3]);
  bridge.chosen = {0, 1};
  blocks.push_back(bridge);
  fit = fit_column(blocks, 6);
  EXPECT_EQ(fit.tied, fit.component);
  EXPECT_GT(fit.fiedler, 0);
}

TEST(Fit, NewtonMmAndGradientAgree) {
  const auto set = draw_prompts(dirichlet_chain(6, 2), 8000, 8, 1);
  for (const auto& column : set.columns) {
    const auto newton = fit_column(column, 6), mm = fit_column(column, 6, {.method = Method::kMm}),
               descent = fit_column(column, 6, {.method = Method::kGradient});
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_NEAR(newton.w[i], mm.w[i], 1e-6);
      EXPECT_NEAR(newton.w[i], descent.w[i], 1e-6);
    }
    EXPECT_LE(newton.steps, 10);
    EXPECT_LT(newton.gradient, 1e-9);
  }
}

TEST(Fit, EqualCountsAreFrequencies) {
  // A prompt of every token once: the fit is how often each came next.
  const std::vector<Group> groups = {{{0, 1, 2}, {1, 1, 1}, {6, 3, 1}, 10}};
  const auto fit = fit_column(groups, 4);
  EXPECT_NEAR(fit.share[0], .6, 1e-9);
  EXPECT_NEAR(fit.share[2], .1, 1e-9);
  EXPECT_TRUE(std::isnan(fit.share[3]));
  EXPECT_EQ(fit.component[3], -1);
  EXPECT_EQ(fit.components, 2);
  // The log of a multinomial share varies by (1 - p) / (n p).
  EXPECT_NEAR(fit.share_error[0], std::sqrt(.4 / 6), 1e-6);
}

TEST(Fit, RidgeAndPseudoChoicesKeepEstimatesFinite) {
  const std::vector<Group> groups = {{{0, 1, 2}, {1, 2, 1}, {7, 0, 3}, 10}};
  EXPECT_NE(fit_column(groups, 3).tied[1], fit_column(groups, 3).tied[0]);
  for (const FitSpec& spec : {FitSpec{.ridge = .1}, FitSpec{.pseudo = .5}}) {
    const auto fit = fit_column(groups, 3, spec);
    EXPECT_EQ(fit.tied, fit.component);
    for (const double share : fit.share) EXPECT_GT(share, 0);
    EXPECT_LT(fit.share[1], fit.share[2]);
  }
}

TEST(Fit, ErrorFollowsTheTrace) {
  LearnSpec spec;
  spec.prompts = {4000, 16000};
  spec.seeds = 60;
  const auto result = learn_experiment(spec, 2);
  EXPECT_NEAR(result.points[1].error / result.points[1].predicted, 1,
              .1 + 2 * result.points[1].standard_error / result.points[1].error);
  EXPECT_NEAR(result.slope, -1, .15);
  const auto again = learn_experiment(spec, 1);
  EXPECT_EQ(again.points[1].error, result.points[1].error);
}

class LongFit : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("REGARD_LONG_TESTS") == nullptr) GTEST_SKIP() << "make test-long runs this";
  }
};

TEST_F(LongFit, ErrorFollowsTheTraceWithin10Percent) {
  LearnSpec spec;
  spec.prompts = {1000, 4000, 16000, 64000};
  const auto result = learn_experiment(spec, 2);
  for (const auto& point : result.points) {
    if (point.prompts >= 16000) {
      EXPECT_NEAR(point.error / point.predicted, 1, .1) << point.prompts;
    }
  }
  EXPECT_NEAR(result.slope, -1, .05);
}

}  // namespace
}  // namespace regard::markov
