// The full grids, for `make test-long`; skipped elsewhere.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "particles/circle.hpp"
#include "regard/theory/particles/closed_form.hpp"
#include "regard/theory/particles/simulate.hpp"

namespace regard::particles {
namespace {

class Long : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("REGARD_LONG_TESTS") == nullptr) GTEST_SKIP() << "make test-long runs this";
  }
};

TEST_F(Long, TwoParticlesUpToALargeBeta) {
  Spec spec;
  spec.run.close = 0.01;
  for (const double beta : {4.0, 25.0, 100.0, 1000.0, 4000.0, 1e4}) {
    for (const double angle : {0.5, 1.5, 2.8}) {
      spec.beta = {beta};
      const auto outcomes = simulate(spec, on_circle({0, angle}));
      const auto* merge = outcomes[0].last(Event::Kind::kMerge);
      ASSERT_NE(merge, nullptr);
      EXPECT_NEAR(merge->moment.log_t, log_time_of_two(Kind::kSa, beta, angle, 0.01), 2e-8 * 10)
          << beta << " " << angle;
    }
  }
}

TEST_F(Long, TheStaircaseOfTheAuthorsForTheirSixBetas) {
  Spec spec;
  spec.run.engine = "unit_speed";
  constexpr double kEnd[][2] = {{500, .1224},  {1000, .1109}, {1500, .1048},
                                {2000, .1008}, {3000, .0957}, {4000, .0924}};
  for (const auto& [beta, end] : kEnd) {
    spec.beta = {beta};
    const auto outcomes = simulate(spec, staircase_points());
    EXPECT_NEAR(outcomes[0].trace.events.back().moment.arc, end, beta < 1000 ? 1e-3 : 1.5e-4);
  }
}

TEST_F(Long, ClockOfTheTheoremUpToALargeBeta) {
  Spec spec;
  spec.model.kind = "usa";
  spec.model.prefactor = "one";
  spec.run.merge = "paper";
  constexpr double kJumps[][4] = {{200, .1771, .3857, .6054},
                                  {1000, .2037, .4089, .6113},
                                  {4000, .2169, .4193, .6115},
                                  {1e5, .2333, .4305, .6075}};
  for (const auto& [beta, first, second, third] : kJumps) {
    spec.beta = {beta};
    const auto outcomes = simulate(spec, on_circle({0, .2, .9, 2.4}));
    std::vector<double> jumps;
    for (const auto& event : outcomes[0].trace.events) {
      if (event.kind == Event::Kind::kMerge) jumps.push_back(event.moment.theorem);
    }
    ASSERT_EQ(jumps.size(), 3u);
    EXPECT_NEAR(jumps[0], first, 2e-4) << beta;
    EXPECT_NEAR(jumps[1], second, 2e-4) << beta;
    EXPECT_NEAR(jumps[2], third, 2e-4) << beta;
  }
}

}  // namespace
}  // namespace regard::particles
