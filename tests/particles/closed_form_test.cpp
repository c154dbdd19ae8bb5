// Times that are known without a simulation.
#include "regard/theory/particles/closed_form.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace regard::particles {
namespace {

struct Known {
  double beta, angle, usa, sa;
};

// Quadratures of the two differential equations, computed independently; the angle falls to 0.01.
constexpr Known kTwo[] = {{4, 1.5, 15.9931756, 10.6103145},
                          {4, 2.8, 1833.67064, 920.363219},
                          {9, 1.5, 506.525537, 255.876495},
                          {25, 2.8, 2.94603356e20, 1.47301678e20}};

TEST(ClosedForm, TimesOfTwoParticles) {
  for (const auto& known : kTwo) {
    const double usa = std::exp(log_time_of_two(Kind::kUsa, known.beta, known.angle, 0.01));
    const double sa = std::exp(log_time_of_two(Kind::kSa, known.beta, known.angle, 0.01));
    EXPECT_NEAR(usa / known.usa, 1, 1e-8) << known.beta << " " << known.angle;
    EXPECT_NEAR(sa / known.sa, 1, 1e-8) << known.beta << " " << known.angle;
  }
}

TEST(ClosedForm, QuadratureAndExponentialIntegralsAgree) {
  for (const double beta : {0.5, 4.0, 25.0, 44.0, 46.0, 300.0, 1e4, 1e6}) {
    for (const double angle : {0.3, 1.5, 2.8, 3.1}) {
      for (const auto kind : {Kind::kSa, Kind::kUsa}) {
        const double two = log_time_of_two(kind, beta, angle, 0.01);
        const double pair = log_time_of_pair({kind, beta, 0}, 0.5, 0.5, angle, 0.01);
        EXPECT_NEAR(pair, two, 1e-11 * std::max(1.0, std::abs(two))) << beta << " " << angle;
      }
    }
  }
}

TEST(ClosedForm, LifetimesOfTwoClusters) {
  constexpr double kEqual[][2] = {{25, 19.333676},
                                  {100, 87.634606},
                                  {1000, 921.667056},
                                  {4000, 3708.069048},
                                  {1e4, 9282.729526}};
  for (const auto& [beta, log_t] : kEqual) {
    EXPECT_NEAR(log_time_of_pair({Kind::kSa, beta, 0}, 0.5, 0.5, 1.5, 0.01) / log_t, 1, 1e-6);
  }
  EXPECT_NEAR(log_time_of_pair({Kind::kSa, 25, 0}, 0.2, 0.8, 1.5, 0.01), 18.579905, 2e-6);
  EXPECT_NEAR(log_time_of_pair({Kind::kSa, 100, 0}, 0.2, 0.8, 1.5, 0.01), 86.880835, 2e-6);
}

TEST(ClosedForm, LogTimePlusLogBetaRisesAsOneLessTheCosine) {
  // The authors' plots have log T alone, whose slope has the factor 1/beta of T in it.
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (double beta = 25; beta <= 200; beta += 25) {
    const double value =
        log_time_of_pair({Kind::kSa, beta, 0}, 0.5, 0.5, 1.5, 0.01) + std::log(beta);
    n += 1, x += beta, y += value, xx += beta * beta, xy += beta * value;
  }
  EXPECT_NEAR((n * xy - x * y) / (n * xx - x * x) / 0.9293, 1, 1e-3);
}

TEST(ClosedForm, BesselFunctionsFulfilTheirSum) {
  // e^{b (cos a - 1)} = sum over all k of e^{-b} I_k(b) e^{i k a}
  for (const double beta : {0.0, 0.3, 4.0, 100.0, 5000.0}) {
    const auto last = static_cast<int64_t>(20 + std::sqrt(80 * beta));
    const auto bessel = scaled_bessel(beta, last);
    for (const double angle : {0.0, 0.02, 0.5, 3.0}) {
      double sum = bessel[0];
      for (int64_t k = 1; k <= last; ++k) {
        sum += 2 * bessel[static_cast<std::size_t>(k)] * std::cos(static_cast<double>(k) * angle);
      }
      EXPECT_NEAR(sum, std::exp(-beta * gap_of(angle)), 3e-15) << beta << " " << angle;
    }
  }
}

TEST(ClosedForm, TheWaveThatGrowsFastest) {
  constexpr double kFastest[][2] = {{20, 6}, {50, 10}, {100, 14}, {200, 20}};
  for (const auto& [beta, expected] : kFastest) {
    int64_t best = 1;
    for (int64_t k = 1; k < 60; ++k) {
      if (growth_rate({Kind::kSa, beta, 0}, k) > growth_rate({Kind::kSa, beta, 0}, best)) best = k;
    }
    EXPECT_EQ(best, static_cast<int64_t>(expected)) << beta;
  }
}

}  // namespace
}  // namespace regard::particles
