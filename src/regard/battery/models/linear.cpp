#include "regard/battery/models/linear.hpp"

#include <Eigen/Dense>
#include <array>
#include <cmath>

#include "regard/base/error.hpp"

namespace regard::battery {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

constexpr int kFolds = 4, kSteps = 40;
constexpr std::array kRatios = {0.1, 0.5, 0.7, 0.9, 0.95, 1.0};

Vector descend(const Matrix& x, const Vector& y, double alpha, double ratio, Vector w) {
  const auto n = static_cast<double>(x.rows());
  const Vector norms = x.colwise().squaredNorm() / n;
  Vector rest = y - x * w;
  for (int sweep = 0; sweep < 5000; ++sweep) {
    double moved = 0;
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      if (norms[j] == 0) continue;
      const double before = w[j], pull = x.col(j).dot(rest) / n + norms[j] * before;
      const double soft = std::max(std::abs(pull) - alpha * ratio, 0.0);
      w[j] = std::copysign(soft, pull) / (norms[j] + alpha * (1 - ratio));
      if (w[j] == before) continue;
      rest -= (w[j] - before) * x.col(j);
      moved = std::max(moved, std::abs(w[j] - before));
    }
    if (moved < 1e-9) break;
  }
  return w;
}

struct Choice {
  double alpha, ratio;
};

// Every fourth cell is a fold, so that each fold has cells of both batches.
Choice choose(const Matrix& x, const Vector& y) {
  Choice best{1, 1};
  double least = std::numeric_limits<double>::infinity();
  for (const double ratio : kRatios) {
    const double top =
        (x.transpose() * y).cwiseAbs().maxCoeff() / static_cast<double>(x.rows()) / ratio;
    std::array<double, kSteps> error{};
    for (int fold = 0; fold < kFolds; ++fold) {
      std::vector<Eigen::Index> in, out;
      for (Eigen::Index i = 0; i < x.rows(); ++i) (i % kFolds == fold ? out : in).push_back(i);
      const Matrix train = x(in, Eigen::all), test = x(out, Eigen::all);
      const Eigen::RowVectorXd mean = train.colwise().mean();
      const double level = y(in).mean();
      Vector w = Vector::Zero(x.cols());
      for (int s = 0; s < kSteps; ++s) {
        const double alpha = top * std::pow(10, -4.0 * s / (kSteps - 1));
        w = descend(train.rowwise() - mean, y(in).array() - level, alpha, ratio, w);
        const Vector guess = ((test.rowwise() - mean) * w).array() + level;
        error[static_cast<std::size_t>(s)] += (guess - y(out)).squaredNorm();
      }
    }
    for (int s = 0; s < kSteps; ++s) {
      if (error[static_cast<std::size_t>(s)] >= least) continue;
      least = error[static_cast<std::size_t>(s)];
      best = {top * std::pow(10, -4.0 * s / (kSteps - 1)), ratio};
    }
  }
  return best;
}

Vector log_lives(const Examples& cells) {
  Vector y(static_cast<Eigen::Index>(cells.size()));
  for (std::size_t i = 0; i < cells.size(); ++i)
    y[static_cast<Eigen::Index>(i)] = std::log10(cells[i].life);
  return y;
}

}  // namespace

std::vector<double> elastic_net(const std::vector<double>& x, const std::vector<double>& y,
                                double alpha, double ratio) {
  if (y.empty() || x.size() % y.size() != 0)
    throw InputError("elastic net: a row of features for each of " + std::to_string(y.size()) +
                     " values was expected, and " + std::to_string(x.size()) + " numbers came");
  const auto rows = static_cast<Eigen::Index>(y.size());
  const auto columns = static_cast<Eigen::Index>(x.size()) / rows;
  const Vector w =
      descend(Eigen::Map<const Matrix>(x.data(), rows, columns),
              Eigen::Map<const Vector>(y.data(), rows), alpha, ratio, Vector::Zero(columns));
  return {w.begin(), w.end()};
}

std::vector<double> LinearLife::standardised(const Examples& cells) const {
  std::vector<double> x;
  for (const auto& cell : cells) {
    for (std::size_t f = 0; f < names_.size(); ++f) {
      const double value = cell.features.at(names_[f]);
      x.push_back(((std::isnan(value) ? fill_[f] : value) - mean_[f]) / scale_[f]);
    }
  }
  return x;
}

void LinearLife::fit(const Examples& train, uint64_t /*seed*/) {
  const auto n = static_cast<double>(train.size());
  const std::size_t count = names_.size();
  fill_.assign(count, 0);
  mean_.assign(count, 0);
  scale_.assign(count, 1);
  for (std::size_t f = 0; f < count; ++f) {
    std::vector<double> values;
    for (const auto& cell : train) values.push_back(cell.features.at(names_[f]));
    fill_[f] = median(values);
    double mean = 0, square = 0;
    for (auto& v : values) {
      if (std::isnan(v)) v = fill_[f];
      mean += v / n;
    }
    for (const double v : values) square += (v - mean) * (v - mean) / n;
    mean_[f] = mean;
    if (square > 0) scale_[f] = std::sqrt(square);
  }
  const auto flat = standardised(train);
  const Matrix x = Eigen::Map<const Matrix>(flat.data(), static_cast<Eigen::Index>(train.size()),
                                            static_cast<Eigen::Index>(count));
  const Vector y = log_lives(train);
  intercept_ = y.mean();
  const Vector centred = y.array() - intercept_;
  Vector w;
  if (penalty_ == Penalty::kNone) {
    w = x.colPivHouseholderQr().solve(centred);
  } else {
    const auto [alpha, ratio] = choose(x, centred);
    w = descend(x, centred, alpha, ratio, Vector::Zero(x.cols()));
  }
  weights_.assign(w.begin(), w.end());
  b_ = median(shapes_of(train));
}

std::vector<Estimate> LinearLife::predict(const Examples& cells) const {
  const auto x = standardised(cells);
  std::vector<Estimate> out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    double y = intercept_;
    for (std::size_t f = 0; f < names_.size(); ++f) y += weights_[f] * x[i * names_.size() + f];
    out.push_back(estimate_through(std::pow(10, y), b_, cells[i].c));
  }
  return out;
}

}  // namespace regard::battery
