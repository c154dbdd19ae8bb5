#include "regard/battery/models/gaussian_process.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"

namespace regard::battery {
namespace {

using Rows = std::vector<std::vector<double>>;

double covariance(const std::vector<double>& hyper, const std::vector<double>& a,
                  const std::vector<double>& b) {
  double square = 0;
  for (std::size_t f = 0; f < a.size(); ++f)
    square += std::pow((a[f] - b[f]) / std::exp(hyper[2 + f]), 2);
  return std::exp(2 * hyper[0] - square / 2);
}

Eigen::MatrixXd matrix(const std::vector<double>& hyper, const Rows& rows) {
  const auto n = static_cast<Eigen::Index>(rows.size());
  Eigen::MatrixXd k(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j)
      k(i, j) = k(j, i) =
          covariance(hyper, rows[static_cast<std::size_t>(i)], rows[static_cast<std::size_t>(j)]);
    k(i, i) += std::exp(2 * hyper[1]) + 1e-9;
  }
  return k;
}

double negative_log_likelihood(const std::vector<double>& hyper, const Rows& rows,
                               const Eigen::VectorXd& y) {
  for (const double h : hyper) {
    if (std::abs(h) > 7) return std::numeric_limits<double>::infinity();  // within 1e-3 .. 1e3
  }
  const Eigen::LLT<Eigen::MatrixXd> factor(matrix(hyper, rows));
  if (factor.info() != Eigen::Success) return std::numeric_limits<double>::infinity();
  return y.dot(factor.solve(y)) / 2 + factor.matrixLLT().diagonal().array().log().sum();
}

// Pattern search: few smooth parameters and a function of microseconds, so derivatives are not
// worth their code.
std::vector<double> maximise(std::vector<double> at, const Rows& rows, const Eigen::VectorXd& y) {
  double best = negative_log_likelihood(at, rows, y);
  for (double step = 1; step > 1e-3; step /= 2) {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t p = 0; p < at.size(); ++p) {
        for (const double sign : {step, -step}) {
          auto next = at;
          next[p] += sign;
          const double value = negative_log_likelihood(next, rows, y);
          if (value >= best - 1e-9) continue;
          best = value;
          at = next;
          moved = true;
        }
      }
    }
  }
  return at;
}

}  // namespace

std::vector<double> GaussianProcessLife::row(const Example& cell) const {
  std::vector<double> x;
  for (std::size_t f = 0; f < names_.size(); ++f) {
    const double value = cell.features.at(names_[f]);
    if (!std::isfinite(value))
      throw InputError("Gaussian process: a finite " + names_[f] + " of " + cell.name +
                       " was expected, and none came");
    x.push_back((value - mean_[f]) / scale_[f]);
  }
  return x;
}

double GaussianProcessLife::kernel(const std::vector<double>& a,
                                   const std::vector<double>& b) const {
  return covariance(hyper_, a, b);
}

void GaussianProcessLife::fit(const Examples& train, uint64_t /*seed*/) {
  const auto n = static_cast<double>(train.size());
  const auto moments = [n](const std::vector<double>& values, double& mean, double& scale) {
    mean = 0;
    double square = 0;
    for (const double v : values) mean += v / n;
    for (const double v : values) square += (v - mean) * (v - mean) / n;
    scale = square > 0 ? std::sqrt(square) : 1;
  };
  mean_.assign(names_.size(), 0);
  scale_.assign(names_.size(), 1);
  for (std::size_t f = 0; f < names_.size(); ++f) {
    std::vector<double> values;
    for (const auto& cell : train) values.push_back(cell.features.at(names_[f]));
    moments(values, mean_[f], scale_[f]);
  }
  rows_.clear();
  std::vector<double> lives;
  for (const auto& cell : train) {
    rows_.push_back(row(cell));
    lives.push_back(std::log(cell.life));
  }
  moments(lives, y_mean_, y_scale_);
  Eigen::VectorXd y(static_cast<Eigen::Index>(lives.size()));
  for (std::size_t i = 0; i < lives.size(); ++i)
    y[static_cast<Eigen::Index>(i)] = (lives[i] - y_mean_) / y_scale_;

  double least = std::numeric_limits<double>::infinity();
  for (const double length : {0.0, 1.5}) {
    std::vector<double> start(2 + names_.size(), length);
    start[0] = 0;
    start[1] = -1;
    const auto found = maximise(start, rows_, y);
    const double value = negative_log_likelihood(found, rows_, y);
    if (value < least) {
      least = value;
      hyper_ = found;
    }
  }
  if (hyper_.empty()) throw RunError("Gaussian process: no likelihood is finite for these cells");
  const Eigen::MatrixXd inverse = matrix(hyper_, rows_).inverse();
  const Eigen::VectorXd alpha = inverse * y;
  inverse_.assign(inverse.data(), inverse.data() + inverse.size());
  alpha_.assign(alpha.begin(), alpha.end());
  b_ = median(shapes_of(train));
}

std::vector<Estimate> GaussianProcessLife::predict(const Examples& cells) const {
  std::vector<Estimate> out;
  for (const auto& cell : cells) {
    const auto x = row(cell);
    double y = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) y += alpha_[i] * kernel(x, rows_[i]);
    out.push_back(estimate_through(std::exp(y_mean_ + y_scale_ * y), b_, cell.c));
  }
  return out;
}

std::vector<double> GaussianProcessLife::deviations(const Examples& cells) const {
  const auto n = static_cast<Eigen::Index>(rows_.size());
  const Eigen::Map<const Eigen::MatrixXd> inverse(inverse_.data(), n, n);
  std::vector<double> out;
  for (const auto& cell : cells) {
    const auto x = row(cell);
    Eigen::VectorXd k(n);
    for (Eigen::Index i = 0; i < n; ++i) k[i] = kernel(x, rows_[static_cast<std::size_t>(i)]);
    const double variance = std::exp(2 * hyper_[0]) + std::exp(2 * hyper_[1]) - k.dot(inverse * k);
    out.push_back(y_scale_ * std::sqrt(std::max(variance, 0.0)));
  }
  return out;
}

}  // namespace regard::battery
