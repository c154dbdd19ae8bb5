// Regression of log10 life on a few features: least squares, or the elastic net.
//
//   minimise  1/(2N) |y - X w|^2 + alpha ( r |w|_1 + (1 - r)/2 |w|_2^2 )         (Zou, Hastie, JRSS
//   B 67, 301, 2005)
//
// Features are standardised by the training cells; a missing one takes their median. alpha and r
// are chosen by cross-validation over four folds of the training cells. B is the median of the
// training cells.
#pragma once

#include "regard/battery/models/model.hpp"

namespace regard::battery {

/// Coordinate descent on standardised columns; `x` is (N, F) row-major with column means 0, y has
/// mean 0.
std::vector<double> elastic_net(const std::vector<double>& x, const std::vector<double>& y,
                                double alpha, double ratio);

enum class Penalty { kNone, kElasticNet };

class LinearLife final : public LifeModel {
 public:
  LinearLife(std::vector<std::string> features, Penalty penalty)
      : names_(std::move(features)), penalty_(penalty) {}
  void fit(const Examples& train, uint64_t seed) override;
  std::vector<Estimate> predict(const Examples& cells) const override;

 private:
  std::vector<double> standardised(const Examples& cells) const;  // (N, F)

  std::vector<std::string> names_;
  Penalty penalty_;
  std::vector<double> fill_, mean_, scale_, weights_;
  double intercept_ = 0, b_ = kMissing;
};

}  // namespace regard::battery
