// Invariants of the flow, and the engines against each other.
#include <gtest/gtest.h>

#include <cmath>

#include "regard/base/distributions.hpp"
#include "regard/kernels/cpu/particles.hpp"
#include "regard/theory/particles/closed_form.hpp"
#include "regard/theory/particles/modes.hpp"
#include "regard/theory/particles/simulate.hpp"

namespace regard::particles {
namespace {

Cloud random_cloud(int64_t n, int64_t d, uint64_t seed) {
  Random random(seed, RandomStream::kTest);
  std::vector<double> rows;
  for (int64_t i = 0; i < n * d; ++i) rows.push_back(normal(random));
  auto cloud = equal_masses(d, rows);
  for (int64_t i = 0; i < n; ++i) normalise(cloud.row(i), d);
  double total = 0;
  for (auto& mass : cloud.mass) total += mass = 0.2 + random.uniform();
  for (auto& mass : cloud.mass) mass /= total;
  return cloud;
}

std::vector<double> velocity_of(const Model& model, const Cloud& cloud) {
  std::vector<double> v(cloud.x.size());
  velocity(model, cloud, 0, v.data());
  return v;
}

double worst(const std::vector<double>& a, const std::vector<double>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

const Model kModels_[] = {{Kind::kSa, 4, 0}, {Kind::kUsa, 4, 0}, {Kind::kSa, 0, 0}};

TEST(Laws, TurningAndReorderingThePointsTurnsAndReordersTheVelocities) {
  for (const auto& model : kModels_) {
    for (const int64_t d : {2, 3, 8}) {
      const auto cloud = random_cloud(9, d, 3);
      const auto v = velocity_of(model, cloud);
      // A reflection through a random direction, then one that swaps two axes: an orthogonal map.
      const auto axis = random_cloud(1, d, 8);
      const auto map = [&](const double* x, double* y) {
        double along = 0;
        for (int64_t c = 0; c < d; ++c) along += x[c] * axis.x[c];
        for (int64_t c = 0; c < d; ++c) y[c] = x[c] - 2 * along * axis.x[c];
        std::swap(y[0], y[1]);
      };
      auto turned = cloud;
      std::vector<double> expected(v.size());
      for (int64_t i = 0; i < cloud.size(); ++i) {
        const int64_t to = (i + 4) % cloud.size();
        map(cloud.row(i), turned.row(to));
        turned.mass[to] = cloud.mass[i];
        map(v.data() + i * d, expected.data() + to * d);
      }
      EXPECT_LE(worst(velocity_of(model, turned), expected), 1e-14);
      for (int64_t i = 0; i < cloud.size(); ++i) {
        double along = 0;
        for (int64_t c = 0; c < d; ++c) along += v[i * d + c] * cloud.row(i)[c];
        EXPECT_NEAR(along, 0, 1e-15);
      }
    }
  }
}

TEST(Laws, AngularMomentumIsKept) {
  // USA: sum_i m_i x_i ^ v_i = 0; SA: with Z_i.
  for (const auto kind : {Kind::kSa, Kind::kUsa}) {
    const Model model{kind, 6, 0};
    const auto cloud = random_cloud(12, 3, 5);
    const auto v = velocity_of(model, cloud);
    double sum[3] = {};
    for (int64_t i = 0; i < cloud.size(); ++i) {
      double z = 0;
      for (int64_t j = 0; j < cloud.size(); ++j)
        z += cloud.mass[j] * std::exp(-6 * gap(cloud, i, j));
      const double by = cloud.mass[i] * (kind == Kind::kSa ? z : 1);
      const double *x = cloud.row(i), *w = v.data() + 3 * i;
      sum[0] += by * (x[1] * w[2] - x[2] * w[1]);
      sum[1] += by * (x[2] * w[0] - x[0] * w[2]);
      sum[2] += by * (x[0] * w[1] - x[1] * w[0]);
    }
    for (const double s : sum) EXPECT_NEAR(s, 0, 2e-16 * 20);
  }
}

TEST(Laws, CoincidentParticlesAreOneOfTheirMassTogether) {
  const Model model{Kind::kSa, 5, 0};
  auto cloud = random_cloud(5, 3, 2);
  std::copy(cloud.row(0), cloud.row(0) + 3, cloud.row(1));
  Cloud merged{3, {cloud.x.begin() + 3, cloud.x.end()}, {cloud.mass.begin() + 1, cloud.mass.end()}};
  merged.mass[0] += cloud.mass[0];
  const auto v = velocity_of(model, cloud), w = velocity_of(model, merged);
  for (std::size_t i = 0; i < w.size(); ++i) EXPECT_NEAR(v[i + 3], w[i], 1e-15);
  for (int c = 0; c < 3; ++c) EXPECT_EQ(v[c], v[3 + c]);
}

TEST(Laws, EnergyRisesAtTheRateOfItsIdentity) {
  for (const auto& model : {Model{Kind::kSa, 4, 0}, Model{Kind::kUsa, 4, 0}}) {
    for (const int64_t d : {2, 3, 8}) {
      auto cloud = random_cloud(10, d, 4);
      const auto v = velocity_of(model, cloud);
      const double h = 1e-5;
      const auto moved = [&](double by) {
        auto next = cloud;
        for (std::size_t i = 0; i < v.size(); ++i) next.x[i] += by * v[i];
        for (int64_t i = 0; i < next.size(); ++i) normalise(next.row(i), d);
        return energy(model.beta, next) / (2 * model.beta);
      };
      const double slope = (moved(h) - moved(-h)) / (2 * h);
      EXPECT_NEAR(slope, energy_rate(model, cloud), 1e-9);
      EXPECT_GT(slope, 0);
    }
  }
}

TEST(Laws, AHemisphereIsNotLeft) {
  auto cloud = random_cloud(12, 3, 6);
  for (int64_t i = 0; i < cloud.size(); ++i) cloud.row(i)[2] = std::abs(cloud.row(i)[2]);
  double least = 1;
  for (int64_t i = 0; i < cloud.size(); ++i) least = std::min(least, cloud.row(i)[2]);
  Spec spec;
  spec.beta = {8};
  const auto outcomes = simulate(spec, cloud);
  for (const auto& frame : outcomes[0].trace.frames) {
    double now = 1;
    for (std::size_t i = 2; i < frame.x.size(); i += 3) now = std::min(now, frame.x[i]);
    EXPECT_GE(now, least - 1e-9);
    least = std::max(least, now);
  }
  double before = 0;
  for (const auto& sample : outcomes[0].trace.samples) {
    EXPECT_GE(sample.energy, before - 1e-12);
    before = sample.energy;
  }
}

TEST(Laws, WithoutBetaTheMeanGrowsLonger) {
  Spec spec;
  spec.beta = {0};
  spec.run.until = "3";
  const auto start = random_cloud(12, 3, 7);
  const auto outcomes = simulate(spec, start);
  double before = 0;
  for (const auto& frame : outcomes[0].trace.frames) {
    double mean[3] = {}, square = 0;
    for (std::size_t i = 0; i < frame.x.size(); ++i) mean[i % 3] += start.mass[i / 3] * frame.x[i];
    for (const double m : mean) square += m * m;
    EXPECT_GE(square, before - 1e-12);
    before = square;
  }
}

TEST(Laws, EqualAnglesFollowTheirEquation) {
  // n points with one scalar product rho: x_i = sqrt(1 - rho) e_i + s (1, ..., 1), in d = n.
  for (const auto& model : {Model{Kind::kSa, 3, 0}, Model{Kind::kUsa, 3, 0}}) {
    const int64_t n = 5;
    const double rho = 0.3, a = std::sqrt(1 - rho);
    const double s = (-a + std::sqrt(a * a + n * rho)) / n;
    std::vector<double> rows(n * n, s);
    for (int64_t i = 0; i < n; ++i) rows[i * n + i] += a;
    const auto cloud = equal_masses(n, rows);
    const auto v = velocity_of(model, cloud);
    double rate = 0;
    for (int64_t c = 0; c < n; ++c) rate += v[c] * rows[n + c] + v[n + c] * rows[c];
    EXPECT_NEAR(rate, equiangular_rate(model, n, rho), 1e-14);
  }
}

TEST(Laws, TheFusedKernelIsTheSameVelocity) {
  for (const auto kind : {Kind::kSa, Kind::kUsa}) {
    for (const int64_t d : {2, 3, 8, 20}) {
      const auto cloud = random_cloud(70, d, 9);
      std::vector<double> v(cloud.x.size());
      kernels::cpu::particle_velocity<double>(
          {70, d, cloud.x.data(), cloud.mass.data(), 7, kind == Kind::kSa}, v.data(), nullptr,
          kernels::run_serially);
      EXPECT_LE(worst(v, velocity_of({kind, 7, 0}, cloud)), 1e-14);
    }
  }
}

TEST(Laws, WavesGrowAsTheFormulaSays) {
  for (const auto kind : {Kind::kSa, Kind::kUsa}) {
    for (const double beta : {20.0, 50.0, 100.0, 200.0}) {
      const Model model{kind, beta, 0};
      const auto fastest = fastest_wave(model);
      for (const int64_t k : {int64_t{1}, fastest / 2, fastest, fastest + 4}) {
        EXPECT_NEAR(measured_growth(model, k, 600) / growth_rate(model, k), 1, 1e-4) << beta << k;
      }
    }
  }
  EXPECT_EQ(fastest_wave({Kind::kSa, 100, 0}), 14);
}

TEST(Laws, TheSpectrumAndPairsFormTheSameClusters) {
  Spec spec;
  spec.points.init = "uniform";
  spec.points.n = 600;
  spec.beta = {100};
  spec.run.until = "30";
  const auto start = make_start(spec.points).cloud;
  const auto pairs = simulate(spec, start);
  spec.run.engine = "spectrum";
  const auto series = simulate(spec, start);
  EXPECT_EQ(pairs[0].trace.events.back().masses.size(),
            series[0].trace.events.back().masses.size());
  EXPECT_NEAR(pairs[0].trace.events.back().energy, series[0].trace.events.back().energy, 1e-7);
}

TEST(Laws, TheLimitIsReachedForLargeBeta) {
  const auto start = random_cloud(12, 3, 12);
  for (const std::string kind : {"sa", "usa"}) {
    Spec spec;
    spec.model.kind = kind;
    spec.beta = {10000};
    const auto whole = simulate(spec, start);
    spec.run.engine = "limit";
    const auto limit = simulate(spec, start);
    const auto &a = whole[0].trace.events, &b = limit[0].trace.events;
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i + 1 < a.size(); ++i) {
      EXPECT_EQ(a[i].joined, b[i].joined) << kind << i;
      // The two differ by the order of 1/sqrt(beta).
      EXPECT_NEAR(a[i].moment.log_t, b[i].moment.log_t, 1e-2 * b[i].moment.log_t) << kind << i;
    }
  }
}

}  // namespace
}  // namespace regard::particles
