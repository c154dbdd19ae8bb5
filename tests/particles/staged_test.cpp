// The staged engine against closed forms, against the authors' five points and staircase.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "particles/circle.hpp"
#include "regard/base/error.hpp"
#include "regard/theory/particles/closed_form.hpp"
#include "regard/theory/particles/simulate.hpp"

namespace regard::particles {
namespace {

std::vector<double> merge_times(const Outcome& outcome) {
  std::vector<double> times;
  for (const auto& event : outcome.trace.events) {
    if (event.kind == Event::Kind::kMerge) times.push_back(std::exp(event.moment.log_t));
  }
  return times;
}

double log_merge(Spec spec, double beta, const Cloud& start) {
  spec.beta = {beta};
  spec.run.close = 0.01;
  const auto outcomes = simulate(spec, start);
  const auto* merge = outcomes[0].last(Event::Kind::kMerge);
  return merge == nullptr ? NAN : merge->moment.log_t;
}

TEST(Staged, TwoParticlesMeetWhenTheClosedFormSays) {
  for (const std::string kind : {"sa", "usa"}) {
    Spec spec;
    spec.model.kind = kind;
    for (const double beta : {4.0, 9.0, 25.0, 100.0, 1000.0}) {
      for (const double angle : {1.5, 2.8}) {
        const double expected =
            log_time_of_two(kind == "sa" ? Kind::kSa : Kind::kUsa, beta, angle, 0.01);
        EXPECT_NEAR(log_merge(spec, beta, on_circle({0, angle})), expected, 2e-8)
            << kind << " " << beta << " " << angle;
      }
    }
  }
}

TEST(Staged, ClustersOfUnequalMass) {
  Spec spec;
  const auto start = on_circle({0, 1.5}, {0.2, 0.8});
  EXPECT_NEAR(log_merge(spec, 25, start), 18.579905, 2e-6);
  EXPECT_NEAR(log_merge(spec, 100, start), 86.880835, 2e-6);
}

TEST(Staged, FactorsInFrontOnlyChangeTheUnitOfTime) {
  Spec spec;
  spec.model.kind = "usa";
  const auto start = on_circle({0, 1.5, 1.4});
  const double paper = log_merge(spec, 9, start);
  spec.model.usa_norm = "glpr";
  EXPECT_NEAR(log_merge(spec, 9, start), paper - 9, 1e-12);
  spec.model.usa_norm = "paper";
  spec.model.prefactor = "one";
  EXPECT_NEAR(log_merge(spec, 9, start), paper - std::log(3), 1e-12);
  spec.model.prefactor = "inverse_squared";
  EXPECT_NEAR(log_merge(spec, 9, start), paper + std::log(3), 1e-12);
}

TEST(Staged, TheFivePointsOfThePaper) {
  const auto outcomes = simulate(Spec{}, paper_points());
  const auto times = merge_times(outcomes[0]);
  ASSERT_EQ(times.size(), 4u);
  constexpr double kTrue[] = {1.2668, 2.4091, 5.1945, 328.364};
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(times[i], kTrue[i], 1e-3);
  EXPECT_NEAR(std::exp(outcomes[0].predicted), 328.364, 1e-3);
  EXPECT_EQ(outcomes[0].trace.events[2].masses, (std::vector<double>{0.6000000000000001, 0.4}));
}

TEST(Staged, EnergyOfTheFivePointsOnTheirPlateau) {
  Spec spec;
  spec.run.until = "50";
  const auto outcomes = simulate(spec, paper_points());
  const auto& end = outcomes[0].trace.events.back();
  EXPECT_EQ(end.kind, Event::Kind::kEnd);
  EXPECT_NEAR(std::exp(end.moment.log_t), 50, 1e-9);
  EXPECT_NEAR(end.energy, 0.52035, 1e-5);
}

TEST(Staged, TheSchemeOfTheAuthorsOnTheFivePoints) {
  Spec spec;
  spec.run.engine = "euler";
  const auto times = merge_times(simulate(spec, paper_points())[0]);
  ASSERT_EQ(times.size(), 4u);
  constexpr double kTheirs[] = {1.4, 2.6, 5.7, 364.1};
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(times[i], kTheirs[i], 1e-9);
}

TEST(Staged, TheirStaircase) {
  Spec spec;
  spec.run.engine = "unit_speed";
  constexpr double kEnd[][2] = {{500, .1224}, {1000, .1109}, {4000, .0924}};
  for (const auto& [beta, end] : kEnd) {
    spec.beta = {beta};
    const auto outcomes = simulate(spec, staircase_points());
    std::vector<double> levels;
    for (const auto& event : outcomes[0].trace.events) {
      if (event.kind == Event::Kind::kMerge) levels.push_back(event.energy);
    }
    ASSERT_EQ(levels.size(), 4u);
    constexpr double kLevels[] = {.28, .44, .52, 1};
    for (int i = 0; i < 4; ++i) EXPECT_NEAR(levels[i], kLevels[i], beta < 1000 ? 3e-3 : 1e-3);
    EXPECT_NEAR(outcomes[0].trace.events.back().moment.arc, end, beta < 1000 ? 1e-3 : 1.5e-4);
  }
}

TEST(Staged, ClockOfTheTheorem) {
  Spec spec;
  spec.model.kind = "usa";
  spec.model.prefactor = "one";
  spec.run.merge = "paper";
  constexpr double kJumps[][4] = {{200, .1771, .3857, .6054}, {1000, .2037, .4089, .6113}};
  for (const auto& [beta, first, second, third] : kJumps) {
    spec.beta = {beta};
    const auto outcomes = simulate(spec, on_circle({0, .2, .9, 2.4}));
    std::vector<double> jumps;
    for (const auto& event : outcomes[0].trace.events) {
      if (event.kind == Event::Kind::kMerge) jumps.push_back(event.moment.theorem);
    }
    ASSERT_EQ(jumps.size(), 3u);
    EXPECT_NEAR(jumps[0], first, 2e-4);
    EXPECT_NEAR(jumps[1], second, 2e-4);
    EXPECT_NEAR(jumps[2], third, 2e-4);
  }
}

TEST(Staged, BalancedForcesAreRefusedAndOppositePointsAnEquilibrium) {
  const auto square = simulate(Spec{}, on_circle({0, M_PI / 2, M_PI, 3 * M_PI / 2}));
  EXPECT_EQ(square[0].trace.events.back().kind, Event::Kind::kRefusal);
  const Cloud opposite{2, {1, 0, -1, 0}, {0.5, 0.5}};
  const auto pair = simulate(Spec{}, opposite);
  EXPECT_EQ(pair[0].trace.events.back().kind, Event::Kind::kEquilibrium);
  EXPECT_NE(antipodal_warning(opposite), "");
  EXPECT_EQ(antipodal_warning(paper_points()), "");
}

TEST(Staged, TheControlWithoutMergingAgrees) {
  Spec spec;
  const auto staged = merge_times(simulate(spec, paper_points())[0]);
  spec.run.engine = "direct";
  const auto direct = merge_times(simulate(spec, paper_points())[0]);
  ASSERT_EQ(direct.size(), staged.size());
  for (std::size_t i = 0; i < direct.size(); ++i) EXPECT_NEAR(direct[i] / staged[i], 1, 1e-5);
  spec.beta = {50};
  try {
    simulate(spec, paper_points());
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("b u > 36"), std::string::npos) << error.what();
  }
}

TEST(Staged, AStateSavedAndRestoredGoesOnWithTheSameBits) {
  Spec spec;
  spec.beta = {4, 9};
  Simulation whole(spec, paper_points());
  while (whole.step()) {
  }
  Simulation first(spec, paper_points());
  for (int i = 0; i < 250; ++i) first.step();
  auto saved = Archive::saving();
  first.visit(saved);
  Simulation second(spec, paper_points());
  auto restored = Archive::restoring(saved.arrays());
  second.visit(restored);
  while (second.step()) {
  }
  auto a = Archive::saving(), b = Archive::saving();
  whole.visit(a);
  second.visit(b);
  ASSERT_EQ(a.arrays().size(), b.arrays().size());
  for (const auto& [name, values] : a.arrays()) {
    const auto& other = b.arrays().at(name);
    ASSERT_EQ(values.size(), other.size()) << name;
    EXPECT_EQ(std::memcmp(values.data(), other.data(), values.size() * sizeof(double)), 0) << name;
  }
}

}  // namespace
}  // namespace regard::particles
