#include "regard/battery/fit.hpp"

#include <ceres/tiny_solver.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/battery/spikes.hpp"
#include "regard/report/statistics.hpp"

namespace regard::battery {
namespace {

// Residuals in millionths of nominal: the solver's damping and tolerances are absolute, made for
// numbers above 1.
constexpr double kScale = 1e6;

struct Residuals {
  using Scalar = double;
  enum { NUM_RESIDUALS = Eigen::Dynamic, NUM_PARAMETERS = 2 };

  std::vector<double> log_x, rise;  // (n) ln x and loss - C
  std::vector<double> weight;       // (n) square roots of weights

  int NumResiduals() const { return static_cast<int>(log_x.size()); }

  /// `jacobian` is (n, 2), column-major, or null.
  bool operator()(const double* p, double* residual, double* jacobian) const {
    const auto n = log_x.size();
    for (std::size_t i = 0; i < n; ++i) {
      const double w = kScale * weight[i];
      const double model = std::exp(p[0] + p[1] * log_x[i]);
      residual[i] = w * (model - rise[i]);
      if (jacobian == nullptr) continue;
      jacobian[i] = w * model;
      jacobian[n + i] = w * model * log_x[i];
    }
    return true;
  }

  std::vector<double> plain(const Eigen::Vector2d& p) const {
    std::vector<double> r(log_x.size());
    for (std::size_t i = 0; i < r.size(); ++i) r[i] = std::exp(p[0] + p[1] * log_x[i]) - rise[i];
    return r;
  }
};

bool solve(const Residuals& residuals, int64_t iterations, Eigen::Vector2d& p) {
  using Solver = ceres::TinySolver<Residuals>;
  Solver solver;
  solver.options.max_num_iterations = static_cast<int>(iterations);
  solver.options.parameter_tolerance = 1e-12;
  solver.options.function_tolerance = 1e-9;
  solver.options.gradient_tolerance = 1e-9;
  const auto& summary = solver.Solve(residuals, &p);
  return summary.status != Solver::HIT_MAX_ITERATIONS && p.allFinite();
}

/// Square roots of Cauchy's weights by the distance from the running median.
std::vector<double> robust_weights(const std::vector<double>& loss) {
  constexpr double kCauchy = 2.385;  // 95 % efficiency under normal errors
  constexpr double kLeast = 5e-4;    // of nominal: a clean record must not weigh its bends down
  auto off = running_median(loss);
  for (std::size_t i = 0; i < off.size(); ++i) off[i] = loss[i] - off[i];
  auto sizes = off;
  for (auto& size : sizes) size = std::abs(size);
  const double scale = kCauchy * std::max(1.4826 * median(std::move(sizes)), kLeast);
  for (auto& d : off) d = 1 / std::sqrt(1 + (d / scale) * (d / scale));
  return off;
}

/// Correlation of neighbours, from 0 to 0.99.
double neighbour_correlation(const std::vector<double>& r) {
  double product = 0, square = 0;
  for (std::size_t i = 0; i < r.size(); ++i) {
    square += r[i] * r[i];
    if (i > 0) product += r[i] * r[i - 1];
  }
  return square > 0 ? std::clamp(product / square, 0.0, 0.99) : 0;
}

void judge(const Residuals& residuals, const Eigen::Vector2d& p, double confidence, Fit& fit) {
  const auto n = residuals.log_x.size();
  const auto r = residuals.plain(p);
  double mean = 0, total = 0, sum = 0, weighted = 0, weighted_total = 0;
  for (const double y : residuals.rise) mean += y / static_cast<double>(n);
  Eigen::Matrix2d information = Eigen::Matrix2d::Zero();
  for (std::size_t i = 0; i < n; ++i) {
    const double y = residuals.rise[i], w = residuals.weight[i] * residuals.weight[i];
    total += (y - mean) * (y - mean);
    weighted_total += w * (y - mean) * (y - mean);
    sum += r[i] * r[i];
    weighted += w * r[i] * r[i];
    const Eigen::Vector2d gradient = (r[i] + y) * Eigen::Vector2d(1, residuals.log_x[i]);
    information += w * gradient * gradient.transpose();
  }
  fit.rmse = std::sqrt(sum / static_cast<double>(n));
  if (total > 0) fit.r2 = 1 - sum / total;
  fit.rises = weighted < weighted_total;
  // A record that does not rise drives A to minus infinity, and the curve away.
  const double determinant = information.determinant();
  if (!(determinant > 1e-14 * information(0, 0) * information(1, 1)) || !(determinant > 0)) return;
  const double rho = neighbour_correlation(r);
  const auto freedom = static_cast<double>(n - 2);
  const Eigen::Matrix2d covariance =
      weighted / freedom * (1 + rho) / (1 - rho) * information.inverse();
  fit.covariance = {covariance(0, 0), covariance(0, 1), covariance(1, 1)};
  fit.t_quantile = report::student_t_quantile((1 + confidence) / 2, freedom);
  fit.a_half = fit.t_quantile * std::sqrt(covariance(0, 0));
  fit.b_half = fit.t_quantile * std::sqrt(covariance(1, 1));
}

}  // namespace

Life Fit::life(double threshold) const {
  auto life = curve.life(threshold, static_cast<double>(last_cycle));
  if (life.known() && !rises) return {Reach::kNotReached, kMissing, kMissing, kMissing};
  if (!life.known() || std::isnan(t_quantile)) return life;
  // ln x = (ln(t - C) - A) / B has the gradient (-1, -ln x) / B.
  const double log_x = std::log(life.cycle - 1);
  const double variance =
      (covariance[0] + 2 * log_x * covariance[1] + log_x * log_x * covariance[2]) /
      (curve.b * curve.b);
  const double half = t_quantile * std::sqrt(std::max(variance, 0.0));
  life.low = std::exp(log_x - half) + 1;
  life.high = std::exp(log_x + half) + 1;
  return life;
}

Fit fit_curve(const Cell& cell, const FitOptions& options) {
  if (!(cell.nominal_ah > 0))
    throw InputError("fit of " + cell.name + ": the nominal capacity was expected in Ah");
  Cell kept = cell;
  Fit fit;
  if (options.weights == Weights::kRobust) fit.dropped = drop_spikes(kept);
  std::size_t first = 0;
  while (first < kept.cycles() && kept.cycle[first] <= 1) ++first;
  fit.used = kept.cycles() - first;
  if (fit.used < 4)
    throw InputError("fit of " + cell.name + ": 4 cycles after cycle 1 were expected, and " +
                     std::to_string(fit.used) + " came");
  if (options.weights == Weights::kEqual) {
    for (const auto i : outliers(kept)) {
      if (i >= first) fit.off.push_back(i);
    }
  }
  fit.first_cycle = kept.cycle[first];
  fit.last_cycle = kept.cycle.back();
  fit.curve.c = kept.loss(first);
  Residuals residuals;
  for (std::size_t i = first; i < kept.cycles(); ++i) {
    residuals.log_x.push_back(std::log(static_cast<double>(kept.cycle[i] - 1)));
    residuals.rise.push_back(kept.loss(i) - fit.curve.c);
  }
  residuals.weight = options.weights == Weights::kRobust ? robust_weights(residuals.rise)
                                                         : std::vector<double>(fit.used, 1);
  Eigen::Vector2d p(options.start[0], options.start[1]);
  fit.converged = solve(residuals, options.iterations, p);
  fit.curve.a = p[0];
  fit.curve.b = p[1];
  judge(residuals, p, options.confidence, fit);
  return fit;
}

}  // namespace regard::battery
