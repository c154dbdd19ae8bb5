// The published models, held to their re-measured numbers on the real cells.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "data.hpp"
#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/battery/models/combined.hpp"
#include "regard/battery/models/examples.hpp"
#include "regard/battery/models/gaussian_process.hpp"
#include "regard/battery/models/linear.hpp"
#include "regard/battery/models/paper_head.hpp"
#include "regard/battery/models/pls.hpp"

namespace regard::battery {
namespace {

const Examples& examples() {
  static const Examples all = severson_examples(severson(), *severson_folder(), 100);
  return all;
}

struct Scores {
  double train, primary, primary_all, secondary;  // RMSE in cycles; primary without b2c1
};

double rmse(const std::vector<Estimate>& estimates, const Examples& cells,
            const std::string& without = "") {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].name == without) continue;
    sum += std::pow(estimates[i].life - cells[i].life, 2);
    ++count;
  }
  return std::sqrt(sum / count);
}

Scores scores(const Severson& data, LifeModel& model, uint64_t seed = 1) {
  const auto train = pick(examples(), data.rows(Split::kTrain));
  const auto primary = pick(examples(), data.rows(Split::kPrimary));
  const auto secondary = pick(examples(), data.rows(Split::kSecondary));
  model.fit(train, seed);
  const auto p = model.predict(primary);
  return {rmse(model.predict(train), train), rmse(p, primary, "b2c1"), rmse(p, primary),
          rmse(model.predict(secondary), secondary)};
}

/// Predicts the life that stands in the feature "x", with B = 2.
class Told final : public LifeModel {
 public:
  void fit(const Examples&, uint64_t) override {}
  std::vector<Estimate> predict(const Examples& cells) const override {
    std::vector<Estimate> out;
    for (const auto& cell : cells)
      out.push_back(estimate_through(cell.features.at("x"), 2, cell.c));
    return out;
  }
};

Example told(double life, double x) {
  Example cell;
  cell.life = life;
  cell.c = 0.02;
  cell.b = 8;
  cell.features.add("x", x);
  return cell;
}

TEST(LimitedLife, KeepsLivesNearThoseOfTraining) {
  LimitedLife model(std::make_unique<Told>(), 1.2);
  model.fit({told(500, 0), told(2000, 0)}, 1);
  const auto got = model.predict({told(1, 100), told(1, 700), told(1, 9000), told(1, kMissing)});
  EXPECT_NEAR(got[0].life, 500 / 1.2, 1e-9);
  EXPECT_NEAR(got[1].life, 700, 1e-9);
  EXPECT_NEAR(got[2].life, 2400, 1e-9);
  EXPECT_TRUE(std::isnan(got[3].life));
  EXPECT_NEAR(got[2].curve.life(kEndOfLife, 0).cycle, 2400, 1e-6);  // the curve follows
  EXPECT_EQ(got[2].curve.b, 2);
  EXPECT_THROW(LimitedLife(std::make_unique<Told>(), 0.9), InputError);
}

TEST(MeanOfTwo, IsTheGeometricMeanOfLivesAndShapes) {
  MeanOfTwo model(std::make_unique<Told>(), std::make_unique<MeanLife>());
  model.fit({told(400, 0)}, 1);
  const auto got = model.predict({told(1, 900), told(1, kMissing)});
  EXPECT_NEAR(got[0].life, 600, 1e-9);
  EXPECT_NEAR(got[0].curve.b, 4, 1e-9);
  EXPECT_TRUE(std::isnan(got[1].life));
}

TEST(VarianceModel, ReachesTheMeasuredErrors) {
  SEVERSON_OR_SKIP(data);
  LinearLife model({"dq_log_var"}, Penalty::kNone);
  const auto s = scores(data, model);
  EXPECT_NEAR(s.train, 103.6, 0.05);
  EXPECT_NEAR(s.primary, 138.3, 0.05);
  EXPECT_NEAR(s.primary_all, 137.9, 0.05);
  EXPECT_NEAR(s.secondary, 195.9, 0.05);
}

TEST(Pls, WithNineComponentsReachesTheMeasuredErrors) {
  SEVERSON_OR_SKIP(data);
  PlsLife model(9);
  const auto s = scores(data, model);
  EXPECT_NEAR(s.primary, 100, 3);
  EXPECT_NEAR(s.secondary, 176, 3);
}

TEST(GaussianProcess, ReachesTheMeasuredErrorsAndItsDeviationsAreOfTheirSize) {
  SEVERSON_OR_SKIP(data);
  GaussianProcessLife model({"dq_log_var", "dq_log_min"});
  const auto s = scores(data, model);
  EXPECT_NEAR(s.primary, 129, 10);
  EXPECT_NEAR(s.secondary, 191, 10);
  const auto secondary = pick(examples(), data.rows(Split::kSecondary));
  for (const double d : model.deviations(secondary)) {
    EXPECT_GT(d, 0.05);
    EXPECT_LT(d, 1);
  }
}

TEST(ElasticNet, OnTheDischargeFeaturesBeatsTheVarianceAlone) {
  SEVERSON_OR_SKIP(data);
  LinearLife model(
      {"published_DeltaQ_logVar", "published_DeltaQ_logMin", "published_DeltaQ_logSkew",
       "published_DeltaQ_logKurt", "published_QD_2", "published_QD_Max-2"},
      Penalty::kElasticNet);
  const auto s = scores(data, model);
  EXPECT_LT(s.train, 90);
  EXPECT_LT(s.primary, 130);
  EXPECT_LT(s.secondary, 195);
}

TEST(ElasticNet, IsTheSoftThresholdOnOrthogonalColumns) {
  // Columns (1,1,-1,-1) and (1,-1,1,-1): X'X/N = 1, so w = S(x'y/N, alpha r) / (1 + alpha (1 - r)).
  const std::vector<double> x = {1, 1, 1, -1, -1, 1, -1, -1}, y = {3, 1, -1.2, -2.8};
  const auto w = elastic_net(x, y, 0.5, 0.4);
  EXPECT_NEAR(w[0], (2.0 - 0.2) / 1.3, 1e-9);
  EXPECT_NEAR(w[1], (0.9 - 0.2) / 1.3, 1e-9);
  EXPECT_EQ(elastic_net(x, y, 10, 1)[0], 0);
}

TEST(PaperHead, GradientIsThatOfDifferences) {
  Random random(3, RandomStream::kTest);
  PaperWeights w;
  for (auto& v : w) v = 2 * random.uniform() - 1;
  const std::array<double, 5> x = {-5, -2, -1.5, 0.02, 0.3};
  const auto value = [&](const PaperWeights& at) {
    const auto out = paper_forward(at, x);
    return 0.7 * out.a - 1.3 * out.b;
  };
  const auto g = paper_gradient(w, x, 0.7, -1.3);
  for (std::size_t i = 0; i < w.size(); ++i) {
    auto up = w, down = w;
    up[i] += 1e-6;
    down[i] -= 1e-6;
    EXPECT_NEAR(g[i], (value(up) - value(down)) / 2e-6, 1e-8) << i;
  }
}

TEST(PaperHead, CannotTellItsFeaturesApart) {
  SEVERSON_OR_SKIP(data);
  PaperHead model({.epochs_shape = 50, .epochs_life = 50, .lr_life = 5e-4});
  const auto train = pick(examples(), data.rows(Split::kTrain));
  model.fit(train, 1);
  auto permuted = train;
  for (auto& cell : permuted)
    std::rotate(cell.paper.begin(), cell.paper.begin() + 2, cell.paper.end());
  const auto a = model.predict(train), b = model.predict(permuted);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i].curve.a, b[i].curve.a, 1e-10);
  EXPECT_NE(train[0].paper, permuted[0].paper);
}

TEST(PaperHead, WithTheLargerRateReachesThePublishedError) {
  SEVERSON_OR_SKIP(data);
  std::vector<double> primary, secondary;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    PaperHead model({.lr_life = 5e-4});
    const auto s = scores(data, model, seed);
    primary.push_back(s.primary_all);
    secondary.push_back(s.secondary);
  }
  EXPECT_GT(median(primary), 121);
  EXPECT_LT(median(primary), 131);
  EXPECT_NEAR(median(secondary), 194, 5);
}

}  // namespace
}  // namespace regard::battery
