#include "regard/battery/models/combined.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::battery {

LimitedLife::LimitedLife(std::unique_ptr<LifeModel> inner, double margin)
    : inner_(std::move(inner)), margin_(margin) {
  if (!(margin >= 1))
    throw InputError("limited life: a margin of at least 1 was expected, and " + shortest(margin) +
                     " came");
}

void LimitedLife::fit(const Examples& train, uint64_t seed) {
  inner_->fit(train, seed);
  low_ = high_ = kMissing;
  for (const auto& cell : train) {
    low_ = std::fmin(low_, cell.life);
    high_ = std::fmax(high_, cell.life);
  }
}

std::vector<Estimate> LimitedLife::predict(const Examples& cells) const {
  auto estimates = inner_->predict(cells);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    auto& estimate = estimates[i];
    if (std::isnan(estimate.life)) continue;
    const double life = std::clamp(estimate.life, low_ / margin_, high_ * margin_);
    estimate = estimate_through(life, estimate.curve.b, cells[i].c);
  }
  return estimates;
}

void MeanOfTwo::fit(const Examples& train, uint64_t seed) {
  first_->fit(train, seed);
  second_->fit(train, seed);
}

std::vector<Estimate> MeanOfTwo::predict(const Examples& cells) const {
  auto mean = first_->predict(cells);
  const auto other = second_->predict(cells);
  for (std::size_t i = 0; i < cells.size(); ++i)
    mean[i] = estimate_through(std::sqrt(mean[i].life * other[i].life),
                               std::sqrt(mean[i].curve.b * other[i].curve.b), cells[i].c);
  return mean;
}

}  // namespace regard::battery
