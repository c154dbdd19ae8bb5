// Scores, distances, conformal bands and the capacity-only posterior, on cells whose law is known.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "data.hpp"
#include "regard/base/distributions.hpp"
#include "regard/base/philox.hpp"
#include "regard/battery/models/capacity_prior.hpp"
#include "regard/battery/models/conformal.hpp"
#include "regard/battery/models/neighbourhood.hpp"
#include "regard/battery/models/scores.hpp"
#include "regard/battery/models/validation.hpp"
#include "regard/ops/jobs.hpp"

namespace regard::battery {
namespace {

struct Made {
  Cell cell;
  Example example;
};

// A cell that follows its power law to the end of its life.
Made made(int index, double life, double b, double noise = 0) {
  Random random(static_cast<uint64_t>(index), RandomStream::kTest);
  Made m;
  m.cell.name = m.example.name = "made" + std::to_string(index);
  m.cell.batch = m.example.batch = index % 2 == 0 ? "1" : "2";
  m.cell.nominal_ah = 1.1;
  m.cell.life = m.example.life = life;
  const auto curve = PowerLaw::through(life, b, 0.02, kEndOfLife);
  m.example.a = curve.a;
  m.example.b = curve.b;
  m.example.c = curve.c;
  for (int64_t k = 2; static_cast<double>(k) <= life; ++k) {
    m.cell.cycle.push_back(k);
    m.cell.capacity_ah.push_back(
        1.1 * (1 - curve.loss(static_cast<double>(k)) - (k > 2 ? noise * normal(random) : 0)));
  }
  return m;
}

// Cells predicted with an error of log life that grows with the distance.
std::vector<HeldOut> predicted(int count, uint64_t seed) {
  Random random(seed, RandomStream::kSample);
  std::vector<HeldOut> cells;
  for (int i = 0; i < count; ++i) {
    auto m = made(i, 500 + 700 * random.uniform(), 4);
    const double distance = 3 * random.uniform();
    const double life = m.example.life * std::exp(0.05 * (1 + distance) * normal(random));
    cells.push_back({m.cell, m.example, estimate_through(life, 4, 0.02), distance});
  }
  return cells;
}

TEST(Scores, AreTheErrorsOfLifeAndCurve) {
  const auto m = made(1, 800, 4);
  const auto exact = estimate_through(800, 4, 0.02);
  const auto right = score({m.example}, {exact}, {m.cell});
  EXPECT_NEAR(right.rmse, 0, 1e-9);
  EXPECT_NEAR(right.curve_error, 0, 1e-9);
  for (std::size_t t = 0; t < 3; ++t)
    EXPECT_LE(right.crossing[t], 1);           // the first whole cycle beyond
  EXPECT_TRUE(std::isnan(right.crossing[3]));  // the record ends at 20 %
  const auto late = score({m.example, m.example}, {exact, estimate_through(880, 4, 0.02)}, {});
  EXPECT_NEAR(late.rmse, 80 / std::numbers::sqrt2, 1e-9);
  EXPECT_NEAR(late.mape, 5, 1e-9);
  EXPECT_TRUE(std::isnan(late.curve_error));
  const auto none = score({m.example}, {Estimate{}}, {m.cell});
  EXPECT_EQ(none.undefined, 1);
  EXPECT_EQ(score({m.example}, {exact}, {m.cell}, "made1").lives, 0);
}

TEST(Neighbourhood, FlagsAsManyLikeCellsAsItPromises) {
  Random random(5, RandomStream::kTest);
  const auto row = [&] {
    return std::vector<double>{normal(random), 10 * normal(random), normal(random)};
  };
  std::vector<std::vector<double>> rows;
  for (int i = 0; i < 200; ++i) rows.push_back(row());
  const Neighbourhood near(rows, 0.1);
  int outside = 0;
  for (int i = 0; i < 2000; ++i) outside += near.outside(row());
  EXPECT_NEAR(outside / 2000.0, 0.1, 0.04);
  EXPECT_TRUE(near.outside({8, 0, 0}));
  const auto again = Neighbourhood::from_json(near.to_json());
  EXPECT_EQ(again.distance({1, 2, 3}), near.distance({1, 2, 3}));
  EXPECT_THROW(Neighbourhood({{1}, {2}, {3}}, 0.1), InputError);
}

TEST(Calibration, HoldsTheShareThatItPromises) {
  for (const double level : {0.5, 0.8, 0.9}) {
    double lives = 0, cells = 0, curves = 0, points = 0;
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      const Calibration calibration(predicted(100, seed));
      EXPECT_GT(calibration.beta(), 0.2);  // farther cells are harder, and it finds out
      for (const auto& held : predicted(100, 100 + seed)) {
        lives += calibration.life(held.estimate, held.distance, level).holds(held.example.life);
        ++cells;
        for (double share = 0.3; share < 1; share += 0.1) {
          const double cycle = std::round(share * held.estimate.life);
          if (cycle > held.example.life) continue;
          curves += calibration.loss(held.estimate, held.distance, cycle, level)
                        .holds(held.cell.loss(static_cast<std::size_t>(cycle) - 2));
          ++points;
        }
      }
    }
    EXPECT_NEAR(lives / cells, level, 0.07);
    EXPECT_NEAR(curves / points, level, 0.1);
  }
}

TEST(Calibration, BandsWidenWithLevelAndDistanceAndSurviveTheirFile) {
  const Calibration c(predicted(100, 3));
  const auto estimate = estimate_through(700, 4, 0.02);
  const auto width = [&](const Calibration& from, double distance, double level) {
    const auto range = from.loss(estimate, distance, 500, level);
    return range.high - range.low;
  };
  EXPECT_LT(width(c, 1, 0.5), width(c, 1, 0.9));
  EXPECT_LT(width(c, 1, 0.9), width(c, 4, 0.9));
  EXPECT_EQ(width(Calibration::from_json(c.to_json()), 1, 0.9), width(c, 1, 0.9));
  EXPECT_THROW(Calibration(predicted(9, 1)), InputError);
}

TEST(MeasuredLoss, FollowsTheFittedCurveBeyondTheRecord) {
  const auto m = made(1, 800, 4);
  const PowerLaw fitted{m.example.a, m.example.b, m.example.c};
  EXPECT_NEAR(measured_loss(m.cell, 500.5, fitted), fitted.loss(500.5), 1e-6);
  EXPECT_NEAR(measured_loss(m.cell, 1000, fitted), fitted.loss(1000), 1e-9);
}

struct Fleet {
  Examples examples;
  std::vector<Cell> cells;
};

Fleet fleet() {
  Random random(9, RandomStream::kTest);
  Fleet f;
  for (int i = 0; i < 30; ++i) {
    const auto m =
        made(i, 700 * std::exp(0.3 * normal(random)), 2 * std::exp(0.1 * normal(random)), 2e-4);
    f.examples.push_back(m.example);
    f.cells.push_back(m.cell);
  }
  return f;
}

TEST(CapacityPrior, LearnsFromTheRecordAndItsIntervalsHold) {
  const auto f = fleet();
  const CapacityPrior prior(f.examples, f.cells, 200, 0.05);
  double early = 0, inside = 0;
  Random random(10, RandomStream::kTest);
  for (int i = 0; i < 40; ++i) {
    const auto m = made(100 + i, 700 * std::exp(0.3 * normal(random)),
                        2 * std::exp(0.1 * normal(random)), 2e-4);
    const auto posterior = prior.posterior(m.cell, 200);
    early += std::abs(std::log(posterior.life_quantile(0.5) / m.example.life)) / 40;
    inside += posterior.life(0.9).holds(m.example.life);
    EXPECT_NEAR(posterior.centre().curve.loss(posterior.centre().life), kEndOfLife, 1e-12);
  }
  EXPECT_LT(early, 0.15);  // the prior alone errs by 0.24
  EXPECT_GE(inside, 33);
  const auto again = CapacityPrior::from_json(prior.to_json());
  EXPECT_EQ(again.posterior(f.cells[0], 200).life_quantile(0.5),
            prior.posterior(f.cells[0], 200).life_quantile(0.5));
}

TEST(CapacityPrior, FlagsAnotherChemistryAndRefusesWhatItCannotUse) {
  const auto f = fleet();
  const CapacityPrior prior(f.examples, f.cells, 100, 0.05);
  auto other = made(1, 150, 0.6).cell;  // fades at once, as no training cell does
  EXPECT_TRUE(prior.outside(other, 100));
  EXPECT_FALSE(prior.outside(f.cells[3], 100));
  EXPECT_THROW((void)prior.posterior(first_cycles(other, 8), 100), InputError);
  other.nominal_ah = 2;
  EXPECT_THROW((void)prior.posterior(other, 100), InputError);
}

TEST(Folds, HoldEveryCellOnceAndSpreadBatches) {
  const auto f = fleet();
  const auto folds = even_folds(f.examples, 5, 1);
  std::vector<int> seen(30, 0);
  for (const auto& fold : folds) {
    int first = 0;
    for (const auto row : fold) {
      ++seen[row];
      first += f.examples[row].batch == "1";
    }
    EXPECT_EQ(fold.size(), 6);
    EXPECT_EQ(first, 3);
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 30);
  EXPECT_EQ(batch_folds(f.examples).size(), 2);
}

TEST(RunParallel, PassesOnTheFirstFailure) {
  EXPECT_THROW(ops::run_jobs(8, 2,
                             [](std::size_t i) {
                               if (i == 5) throw InputError("five");
                             }),
               InputError);
}

}  // namespace
}  // namespace regard::battery
