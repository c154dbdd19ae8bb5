// The constants of the theorem, and random separated configurations against what it promises.
#include "regard/theory/particles/theorem.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "regard/base/distributions.hpp"
#include "regard/theory/particles/hessian.hpp"
#include "regard/theory/particles/simulate.hpp"

namespace regard::particles {
namespace {

constexpr double kPi = std::numbers::pi;

TEST(Theorem, ConstantsInAllPrintedDigits) {
  struct Row {
    double psi, epsilon, beta, alpha, gamma, lambda, t1, log10_t2;
    double digit_t1, digit_gamma;
  };
  constexpr Row kRows[] = {{kPi / 2, 1e-3, 20, .1262, .307, .652, 236, 3.81, 0.5, 5e-4},
                           {kPi / 2, 1e-2, 20, .3900, .086, .312, 165, 2.52, 0.5, 5e-4},
                           {2 * kPi / 3, 1e-2, 50, -.1226, .865, .955, 1.4e3, 21.6, 50, 5e-4},
                           {kPi, 1e-2, 50, -.9208, 1.663, 1.754, 2.1e3, 38.9, 50, 5e-4}};
  for (const auto& row : kRows) {
    const auto b = bounds(6, row.beta, row.epsilon, row.psi);
    EXPECT_NEAR(b.alpha, row.alpha, 5e-5);
    EXPECT_NEAR(b.gamma, row.gamma, row.digit_gamma);
    EXPECT_NEAR(b.lambda_two, row.lambda, 5e-4);
    EXPECT_NEAR(std::exp(b.log_t1), row.t1, row.digit_t1 * 1.01);
    EXPECT_NEAR(b.log_t2 / std::numbers::ln10, row.log10_t2, row.log10_t2 < 10 ? 5e-3 : 5e-2);
    EXPECT_TRUE(b.holds);
  }
  const auto overlap = bounds(6, 50, 3e-2, kPi / 2);
  EXPECT_NEAR(overlap.alpha, .6414, 5e-5);
  EXPECT_LT(overlap.gamma, 0);
  EXPECT_FALSE(overlap.holds);
}

/// Runs one configuration of caps to the end of the theorem's time; the violations, or -1 where it
/// is not covered.
int64_t violations(int64_t d, uint64_t seed) {
  Random random(seed, RandomStream::kTest);
  Spec spec;
  spec.points.init = "caps";
  spec.points.d = d;
  spec.points.n = 4 + static_cast<int64_t>(random.below(5));
  spec.points.clusters = 2 + static_cast<int64_t>(random.below(2));
  spec.points.angle = 1.2 + 0.6 * random.uniform();
  spec.points.spread = 0.02 + 0.1 * random.uniform();
  spec.points.seed = static_cast<int64_t>(seed);
  spec.model.kind = random.below(2) == 0 ? "sa" : "usa";
  spec.beta = {20 + 60 * random.uniform()};
  spec.run.tolerance = 1e-6;
  const auto start = make_start(spec.points).cloud;
  const auto separation = separate(start, spec.beta[0]);
  if (!separation.bounds.holds) return -1;
  spec.run.until = "log:" + std::to_string(separation.bounds.log_t2);
  const auto engine = make_engine(spec, spec.beta[0], start, kernels::run_serially);
  TheoremWatch watch{separation};
  do watch.look(*engine);
  while (engine->step());
  watch.look(*engine);
  EXPECT_TRUE(std::isnan(watch.left)) << "d " << d << " seed " << seed;
  EXPECT_LE(watch.narrow, separation.bounds.log_t1) << "d " << d << " seed " << seed;
  return watch.violations;
}

TEST(Theorem, RandomSeparatedConfigurationsKeepWhatItPromises) {
  const int wanted = 334;  // of each dimension
  for (const int64_t d : {2, 3, 8}) {
    int covered = 0;
    for (uint64_t seed = 1; covered < wanted && seed < 40000; ++seed) {
      const auto found = violations(d, seed);
      if (found < 0) continue;
      ++covered;
      EXPECT_EQ(found, 0) << "d " << d << " seed " << seed;
    }
    EXPECT_EQ(covered, wanted);
  }
}

TEST(Theorem, OverlappingCapsAreNotCovered) {
  const auto separation = separate(paper_points(), 4);
  EXPECT_LT(separation.bounds.gamma, 0);
}

TEST(Hessian, MatchesDifferencesOfTheEnergy) {
  // Two clusters on the circle: E depends on the angle between them alone.
  const double beta = 6, angle = 1.1;
  const Cloud two{2, {1, 0, std::cos(angle), std::sin(angle)}, {0.3, 0.7}};
  const auto c = curvature(beta, two);
  EXPECT_EQ(c.positive, 1);
  EXPECT_EQ(c.zero + c.negative, 1);
  // |grad E|^2 = sum_i |d E / d angle_i|^2 / m_i with dE/dangle = m_1 m_2 e^{-b u} sin
  const double slope = 0.3 * 0.7 * std::exp(-beta * gap_of(angle)) * std::sin(angle);
  EXPECT_NEAR(c.log_gradient, std::log(slope * std::sqrt(1 / 0.3 + 1 / 0.7)), 1e-12);
  // Near points: both curved downwards but for the rotation.
  const auto near = curvature(beta, {2, {1, 0, std::cos(.1), std::sin(.1)}, {0.3, 0.7}});
  EXPECT_EQ(near.positive, 0);
}

TEST(Hessian, EigenvaluesOfAKnownMatrix) {
  // 2 on the diagonal, -1 beside it: 2 - 2 cos(k pi / (n + 1)).
  const int64_t n = 12;
  std::vector<double> matrix(n * n, 0.0);
  for (int64_t i = 0; i < n; ++i) {
    matrix[i * n + i] = 2;
    if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1;
  }
  const auto values = eigenvalues(matrix, n);
  for (int64_t k = 1; k <= n; ++k) {
    EXPECT_NEAR(values[k - 1], 2 - 2 * std::cos(kPi * static_cast<double>(k) / (n + 1)), 1e-13);
  }
}

}  // namespace
}  // namespace regard::particles
