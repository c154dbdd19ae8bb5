// Gaussian process regression of log life on a few features (Rasmussen, Williams, 2006, algorithm
// 2.1).
//
//   y ~ N(0, K + s^2 I),   K_ij = g^2 exp(-1/2 sum_f (x_if - x_jf)^2 / l_f^2)
//
// Features and log life are standardised by the training cells; g, s and l maximise the marginal
// likelihood.
#pragma once

#include "regard/battery/models/model.hpp"

namespace regard::battery {

class GaussianProcessLife final : public LifeModel {
 public:
  explicit GaussianProcessLife(std::vector<std::string> features) : names_(std::move(features)) {}
  void fit(const Examples& train, uint64_t seed) override;
  std::vector<Estimate> predict(const Examples& cells) const override;
  /// Standard deviation of log life of each cell, noise included.
  std::vector<double> deviations(const Examples& cells) const;

 private:
  std::vector<double> row(const Example& cell) const;
  double kernel(const std::vector<double>& a, const std::vector<double>& b) const;

  std::vector<std::string> names_;
  std::vector<double> mean_, scale_, hyper_;  // hyper: log g, log s, log l_f
  std::vector<std::vector<double>> rows_;
  std::vector<double> alpha_, inverse_;  // (K + s^2 I)^-1 y, and the inverse (N, N)
  double y_mean_ = 0, y_scale_ = 1, b_ = kMissing;
};

}  // namespace regard::battery
