#include "regard/battery/models/model.hpp"

#include <cmath>

namespace regard::battery {

Estimate estimate_through(double life, double b, double c) {
  if (!(life > 1) || !(b > 0) || !(c < kEndOfLife) || !std::isfinite(life)) return {};
  return {life, PowerLaw::through(life, b, c, kEndOfLife)};
}

std::vector<double> shapes_of(const Examples& cells) {
  std::vector<double> b;
  for (const auto& cell : cells) b.push_back(cell.b);
  return b;
}

void MeanLife::fit(const Examples& train, uint64_t /*seed*/) {
  life_ = 0;
  for (const auto& cell : train) life_ += cell.life / static_cast<double>(train.size());
  b_ = median(shapes_of(train));
}

std::vector<Estimate> MeanLife::predict(const Examples& cells) const {
  std::vector<Estimate> out;
  for (const auto& cell : cells) out.push_back(estimate_through(life_, b_, cell.c));
  return out;
}

}  // namespace regard::battery
