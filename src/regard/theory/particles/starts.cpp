#include "regard/theory/particles/starts.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "regard/base/distributions.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::particles {
namespace {

constexpr int64_t kMostTries = 100'000, kTriesOfAStart = 1000;

std::vector<double> uniform_direction(Random& random, int64_t d) {
  std::vector<double> x(static_cast<std::size_t>(d));
  do {
    for (auto& value : x) value = normal(random);
  } while (!normalise(x.data(), d));
  return x;
}

/// A unit vector at right angles to `axis`.
std::vector<double> across(Random& random, const std::vector<double>& axis) {
  const auto d = static_cast<int64_t>(axis.size());
  std::vector<double> x;
  do {
    x = uniform_direction(random, d);
    double along = 0;
    for (int64_t c = 0; c < d; ++c) along += x[c] * axis[c];
    for (int64_t c = 0; c < d; ++c) x[c] -= along * axis[c];
  } while (!normalise(x.data(), d));
  return x;
}

void append(std::vector<double>& rows, const std::vector<double>& axis,
            const std::vector<double>& side, double angle) {
  for (std::size_t c = 0; c < axis.size(); ++c) {
    rows.push_back(std::cos(angle) * axis[c] + std::sin(angle) * side[c]);
  }
}

/// Two centres at `angle`, or more at random with no two nearer than that.
std::vector<std::vector<double>> centres(const PointsSpec& spec, Random& random) {
  std::vector<std::vector<double>> found;
  if (spec.clusters == 2) {
    for (const double at : {0.0, spec.angle}) {
      std::vector<double> x(static_cast<std::size_t>(spec.d), 0.0);
      x[0] = std::cos(at);
      x[1] = std::sin(at);
      found.push_back(x);
    }
    return found;
  }
  for (int64_t tries = 0; static_cast<int64_t>(found.size()) < spec.clusters; ++tries) {
    if (tries == kMostTries) {
      throw InputError("simulate: no " + std::to_string(spec.clusters) + " centres at least " +
                       shortest(spec.angle) + " rad apart were found; --angle takes a smaller one");
    }
    if (tries % kTriesOfAStart == kTriesOfAStart - 1)
      found.clear();  // the first ones may leave no room
    const auto x = uniform_direction(random, spec.d);
    const bool free = std::all_of(found.begin(), found.end(), [&](const auto& y) {
      return angle_of(gap(x.data(), y.data(), spec.d)) >= spec.angle;
    });
    if (free) found.push_back(x);
  }
  return found;
}

/// cos of the angle to the mean direction of von Mises and Fisher, by Wood's rejection (1994).
double von_mises_fisher(Random& random, double kappa, int64_t d) {
  const double m = static_cast<double>(d - 1);
  const double b = m / (2 * kappa + std::sqrt(4 * kappa * kappa + m * m));
  const double x0 = (1 - b) / (1 + b), c = kappa * x0 + m * std::log(1 - x0 * x0);
  while (true) {
    const double z = beta(random, 0.5 * m, 0.5 * m);
    const double w = (1 - (1 + b) * z) / (1 - (1 - b) * z);
    if (kappa * w + m * std::log(1 - x0 * w) - c >= std::log(1 - random.uniform())) return w;
  }
}

Cloud around_centres(const PointsSpec& spec, bool mixture) {
  Random random(static_cast<uint64_t>(spec.seed), RandomStream::kParticles);
  const auto axes = centres(spec, random);
  std::vector<double> rows;
  for (int64_t i = 0; i < spec.n; ++i) {
    const auto& axis = axes[static_cast<std::size_t>(i % spec.clusters)];
    const double angle = mixture ? std::acos(von_mises_fisher(random, spec.kappa, spec.d))
                                 : spec.spread * random.uniform();
    append(rows, axis, across(random, axis), angle);
  }
  return equal_masses(spec.d, std::move(rows));
}

Cloud on_the_circle(const std::vector<double>& angles) {
  std::vector<double> rows;
  for (const double angle : angles) rows.insert(rows.end(), {std::cos(angle), std::sin(angle)});
  return equal_masses(2, std::move(rows));
}

/// Gaps that grow by 2.5: each point is nearer to the first than to what follows (well-prepared).
Cloud prepared(const PointsSpec& spec) {
  std::vector<double> angles = {0};
  double step = 1;
  for (int64_t i = 1; i < spec.n; ++i, step *= 2.5) angles.push_back(angles.back() + step);
  const double last = angles.back();
  for (auto& angle : angles) angle *= last > 0 ? spec.angle / last : 1;
  return on_the_circle(angles);
}

void check(const PointsSpec& spec) {
  const auto expect = [](bool right, const std::string& what, const std::string& came) {
    if (!right) throw InputError("simulate: " + what + " is expected, and " + came + " came");
  };
  expect(spec.n >= 1 && spec.n <= 10'000'000, "n from 1 to 10000000", std::to_string(spec.n));
  expect(spec.d >= 2 && spec.d <= 4096,
         "d from 2 to 4096 (the points lie on the sphere of dimension d - 1)",
         std::to_string(spec.d));
  expect(spec.clusters >= 1, "a number of clusters from 1", std::to_string(spec.clusters));
  expect(spec.angle > 0 && spec.angle <= std::numbers::pi, "an angle above 0 and up to pi",
         shortest(spec.angle));
  expect(spec.spread >= 0 && spec.spread <= std::numbers::pi, "a spread from 0 to pi",
         shortest(spec.spread));
  expect(spec.kappa > 0, "a kappa above 0", shortest(spec.kappa));
  const bool fixed = spec.init == "paper" || spec.init == "staircase" || spec.init == "prepared";
  const bool five = spec.init == "paper" || spec.init == "staircase";
  expect(!five || spec.n == 5, "n = 5 with init = " + spec.init, std::to_string(spec.n));
  expect(!fixed || spec.d == 2, "d = 2 with init = " + spec.init, std::to_string(spec.d));
}

}  // namespace

Cloud paper_points() {
  std::vector<double> rows = {.99806638, .06215705,  .97712061, .21268594,  -.24578194,
                              .96932515, -.97354734, .2284854,  -.99892629, -.04632772};
  Cloud cloud = equal_masses(2, std::move(rows));
  for (int64_t i = 0; i < cloud.size(); ++i) normalise(cloud.row(i), 2);
  return cloud;
}

std::vector<double> staircase_angles() {
  // Made at b = 2000 and kept for every b.
  const double unit = 0.5 * std::log(2000.0) / std::sqrt(2000.0);
  return {0, 0.5 * unit, 2 * unit, 4 * unit, 7 * unit};
}

Cloud staircase_points() { return on_the_circle(staircase_angles()); }

Start make_start(const PointsSpec& spec) {
  if (!spec.file.empty()) return read_points(spec.file, spec.weights);
  if (!spec.weights.empty()) {
    throw InputError("simulate: --weights names a column of --points, and no --points came");
  }
  check(spec);
  if (spec.init == "paper") return {paper_points(), {}};
  if (spec.init == "staircase") return {staircase_points(), {}};
  if (spec.init == "prepared") return {prepared(spec), {}};
  const std::vector<std::string> said = {"seed " + std::to_string(spec.seed)};
  if (spec.init == "caps") return {around_centres(spec, false), said};
  if (spec.init == "vmf") return {around_centres(spec, true), said};
  Random random(static_cast<uint64_t>(spec.seed), RandomStream::kParticles);
  std::vector<double> rows;
  for (int64_t i = 0; i < spec.n; ++i) {
    const auto x = uniform_direction(random, spec.d);
    rows.insert(rows.end(), x.begin(), x.end());
  }
  return {equal_masses(spec.d, std::move(rows)), said};
}

}  // namespace regard::particles
