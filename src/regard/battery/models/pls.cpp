#include "regard/battery/models/pls.hpp"

#include <Eigen/Dense>
#include <cmath>

#include "regard/base/error.hpp"

namespace regard::battery {
namespace {

const std::vector<double>& curve_of(const Example& cell, PlsInput input) {
  return input == PlsInput::kDeltaQ ? cell.delta_q : cell.tokens;
}

Eigen::MatrixXd curves(const Examples& cells, PlsInput input, std::size_t length) {
  Eigen::MatrixXd x(static_cast<Eigen::Index>(cells.size()), static_cast<Eigen::Index>(length));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& curve = curve_of(cells[i], input);
    if (curve.size() != length || length == 0)
      throw InputError("PLS: a shift of Q(V) of " + cells[i].name + " with " +
                       std::to_string(length) + " values was expected, and " +
                       std::to_string(curve.size()) + " came");
    for (std::size_t v = 0; v < length; ++v)
      x(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(v)) = curve[v];
  }
  return x;
}

}  // namespace

void PlsLife::fit(const Examples& train, uint64_t /*seed*/) {
  if (train.empty()) throw InputError("PLS: training cells were expected, and none came");
  Eigen::MatrixXd x = curves(train, input_, curve_of(train[0], input_).size());
  const Eigen::RowVectorXd mean = x.colwise().mean();
  x.rowwise() -= mean;
  Eigen::RowVectorXd scale =
      (x.colwise().squaredNorm() / static_cast<double>(x.rows() - 1)).cwiseSqrt();
  scale = (scale.array() > 0).select(scale, 1.0);
  x.array().rowwise() /= scale.array();
  Eigen::VectorXd y(x.rows());
  for (std::size_t i = 0; i < train.size(); ++i)
    y[static_cast<Eigen::Index>(i)] = std::log10(train[i].life);
  intercept_ = y.mean();
  y.array() -= intercept_;

  Eigen::MatrixXd w(x.cols(), components_), p(x.cols(), components_);
  Eigen::VectorXd q(components_);
  for (int64_t k = 0; k < components_; ++k) {
    w.col(k) = (x.transpose() * y).normalized();
    const Eigen::VectorXd t = x * w.col(k);
    const double square = t.squaredNorm();
    p.col(k) = x.transpose() * t / square;
    q[k] = y.dot(t) / square;
    x -= t * p.col(k).transpose();
    y -= t * q[k];
  }
  const Eigen::VectorXd inner = (p.transpose() * w).partialPivLu().solve(q);
  const Eigen::VectorXd coefficients = w * inner;
  mean_.assign(mean.begin(), mean.end());
  scale_.assign(scale.begin(), scale.end());
  weights_.assign(coefficients.begin(), coefficients.end());
  b_ = median(shapes_of(train));
}

std::vector<Estimate> PlsLife::predict(const Examples& cells) const {
  const auto x = curves(cells, input_, weights_.size());
  std::vector<Estimate> out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    double y = intercept_;
    for (std::size_t v = 0; v < weights_.size(); ++v)
      y += weights_[v] *
           (x(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(v)) - mean_[v]) / scale_[v];
    out.push_back(estimate_through(std::pow(10, y), b_, cells[i].c));
  }
  return out;
}

}  // namespace regard::battery
