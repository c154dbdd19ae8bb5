// Velocities of particles on every target, against a plain sum in float64; the Fourier series on
// the circle.
#include "regard/kernels/cpu/particles.hpp"

#include <vector>

#include "kernels/hrr_fixture.hpp"
#include "regard/kernels/cpu/circle.hpp"

namespace regard::testing {
namespace {
using kernels::run_serially;
using kernels::cpu::Particles;

class ParticleVelocity : public OnEveryTarget {};

template <class T>
struct Cloud {
  int64_t n, d;
  std::vector<T> x, mass;

  Particles<T> problem(double beta, bool normalised) const {
    return {n, d, x.data(), mass.data(), beta, normalised};
  }
};

/// Points around one direction: spread 0 makes them coincide, infinity spreads them over the
/// sphere.
template <class T>
Cloud<T> cloud(int64_t n, int64_t d, double spread) {
  std::mt19937 random(static_cast<unsigned>(n * 100 + d));
  std::normal_distribution<double> draw;
  Cloud<T> c{n, d, {}, {}};
  for (int64_t i = 0; i < n; ++i) {
    std::vector<double> row(static_cast<size_t>(d));
    double square = 0;
    for (int64_t k = 0; k < d; ++k) {
      row[k] = std::isinf(spread) ? draw(random) : (k == 0 ? 1 : 0) + spread * draw(random);
      square += row[k] * row[k];
    }
    for (const double value : row) c.x.push_back(static_cast<T>(value / std::sqrt(square)));
    c.mass.push_back(static_cast<T>((1 + 0.5 * std::sin(double(i))) / double(n)));
  }
  return c;
}

/// The worst |v - expected| over the largest |expected|, by a plain sum in float64 over the same
/// numbers.
template <class T>
double worst(const Cloud<T>& c, double beta, bool normalised, const std::vector<T>& v) {
  double most = 0, largest = 0;
  for (int64_t i = 0; i < c.n; ++i) {
    std::vector<double> a(static_cast<size_t>(c.d), 0.0);
    double z = 0, along = 0;
    for (int64_t j = 0; j < c.n; ++j) {
      double square = 0;
      for (int64_t k = 0; k < c.d; ++k) {
        const double away = double(c.x[j * c.d + k]) - double(c.x[i * c.d + k]);
        square += away * away;
      }
      const double w = double(c.mass[j]) * std::exp(-beta * square / 2);
      z += w;
      for (int64_t k = 0; k < c.d; ++k)
        a[k] += w * (double(c.x[j * c.d + k]) - double(c.x[i * c.d + k]));
    }
    for (int64_t k = 0; k < c.d; ++k) along += a[k] * double(c.x[i * c.d + k]);
    for (int64_t k = 0; k < c.d; ++k) {
      const double expected = (a[k] - along * double(c.x[i * c.d + k])) / (normalised ? z : 1);
      const double off = std::abs(double(v[i * c.d + k]) - expected);
      if (!(off <= most)) most = off;
      largest = std::max(largest, std::abs(expected));
    }
  }
  return most / std::max(largest, 1e-30);
}

template <class T>
std::vector<T> velocity(const Cloud<T>& c, double beta, bool normalised) {
  std::vector<T> v(c.x.size(), static_cast<T>(NAN));
  kernels::cpu::particle_velocity<T>(c.problem(beta, normalised), v.data(), nullptr, run_serially);
  return v;
}

constexpr double kSphere = std::numeric_limits<double>::infinity();

TEST_P(ParticleVelocity, AgreesWithAPlainSum) {
  ASSERT_STREQ(kernels::cpu::particle_target(), hwy::TargetName(GetParam()));
  for (const int64_t d : {2, 3, 5, 8, 16, 17, 64}) {
    for (const int64_t n : {1, 15, 17, 300}) {
      for (const bool normalised : {false, true}) {
        const auto single = cloud<float>(n, d, kSphere);
        EXPECT_LE(worst(single, 25, normalised, velocity(single, 25, normalised)),
                  d > 16 ? 6e-6 : 3e-6)
            << d << " " << n;
        const auto wide = cloud<double>(n, d, kSphere);
        EXPECT_LE(worst(wide, 25, normalised, velocity(wide, 25, normalised)), 2e-14)
            << d << " " << n;
      }
    }
  }
}

TEST_P(ParticleVelocity, NearAndCoincidentPointsKeepTheirDigits) {
  for (const int64_t d : {2, 3, 8}) {
    for (const double beta : {25.0, 1e4}) {
      const auto near = cloud<float>(100, d, 1e-6);
      EXPECT_LE(worst(near, beta, true, velocity(near, beta, true)), 3e-6) << d;
      const auto far = cloud<float>(100, d, kSphere);
      EXPECT_LE(worst(far, beta, true, velocity(far, beta, true)), 1e-5) << d << " " << beta;
      const auto one = cloud<float>(100, d, 0);
      for (const float value : velocity(one, beta, true)) EXPECT_EQ(value, 0) << d;
    }
  }
}

TEST_P(ParticleVelocity, RangesAndRowsGiveTheSameBits) {
  const auto c = cloud<float>(300, 3, kSphere);
  const auto whole = velocity(c, 9, true);
  std::vector<float> parts(c.x.size(), NAN);
  const auto backwards = [](int64_t count, int64_t, const kernels::RangeBody& body) {
    for (int64_t i = count; i-- > 0;) body(i, i + 1);
  };
  kernels::cpu::particle_velocity<float>(c.problem(9, true), parts.data(), nullptr, backwards);
  EXPECT_EQ(parts, whole);
  std::vector<float> rows(50 * 3, NAN), z(50, NAN);
  kernels::cpu::particle_velocity_rows<float>(c.problem(9, true), 100, 150, rows.data(), z.data(),
                                              run_serially);
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i], whole[300 + i]);
  for (const float value : z) EXPECT_GT(value, 0);
}

INSTANTIATE_TEST_SUITE_P(Targets, ParticleVelocity, every_target(), target_label);

class CircleVelocity : public OnEveryTarget {};

/// e^{-b} I_k(b) by the trapezoidal rule, which is exact to rounding for a periodic integrand.
std::vector<double> coefficients(double beta, int64_t modes) {
  const int points = 4096;
  std::vector<double> c(static_cast<size_t>(modes) + 1, 0.0);
  for (int p = 0; p < points; ++p) {
    const double a = 2 * M_PI * p / points, half = std::sin(a / 2);
    const double value = std::exp(-2 * beta * half * half) / points;
    for (size_t k = 0; k < c.size(); ++k) c[k] += value * std::cos(double(k) * a);
  }
  return c;
}

double circle_error(int64_t n, double beta, int64_t modes, bool normalised) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> draw(0, 2 * M_PI);
  std::vector<double> angle, mass(static_cast<size_t>(n), 1.0 / double(n)), x;
  for (int64_t i = 0; i < n; ++i) {
    angle.push_back(draw(random));
    x.push_back(std::cos(angle.back()));
    x.push_back(std::sin(angle.back()));
  }
  const auto c = coefficients(beta, modes);
  std::vector<double> v(angle.size(), NAN), pairs(x.size(), NAN);
  kernels::cpu::circle_velocity({n, angle.data(), mass.data(), beta, normalised, modes, c.data()},
                                v.data(), nullptr, run_serially);
  kernels::cpu::particle_velocity<double>({n, 2, x.data(), mass.data(), beta, normalised},
                                          pairs.data(), nullptr, run_serially);
  double most = 0;
  for (size_t i = 0; i < angle.size(); ++i) {
    const double turn = pairs[2 * i + 1] * x[2 * i] - pairs[2 * i] * x[2 * i + 1];
    if (!(std::abs(v[i] - turn) <= most)) most = std::abs(v[i] - turn);
  }
  return most;
}

TEST_P(CircleVelocity, TheSeriesReachesItsTolerance) {
  ASSERT_STREQ(kernels::cpu::circle_target(), hwy::TargetName(GetParam()));
  for (const bool normalised : {false, true}) {
    EXPECT_LE(circle_error(2000, 100, 57, normalised), 1e-8);
    EXPECT_LE(circle_error(2000, 100, 75, normalised), 1e-13);
    EXPECT_LE(circle_error(17, 3, 20, normalised), 1e-13);
  }
  EXPECT_GE(kernels::cpu::circle_modes(100, 1e-13), 75);
}

INSTANTIATE_TEST_SUITE_P(Targets, CircleVelocity, every_target(), target_label);

}  // namespace
}  // namespace regard::testing
