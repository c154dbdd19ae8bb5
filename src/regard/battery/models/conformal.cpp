#include "regard/battery/models/conformal.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/json.hpp"

namespace regard::battery {
namespace {

constexpr int kPoints = 80;
constexpr double kLastShare = 1.6;  // of the predicted life; beyond, the band keeps its last width

double share_of(int point) { return kLastShare * (point + 1) / kPoints; }

/// The rank-th smallest, counted from 1, within what there is.
double order(const std::vector<double>& sorted, double rank) {
  const auto last = static_cast<double>(sorted.size());
  return sorted[static_cast<std::size_t>(std::clamp(rank, 1.0, last)) - 1];
}

double upper(const std::vector<double>& sorted, double p) {
  return order(sorted, std::ceil(p * static_cast<double>(sorted.size() + 1)));
}
double lower(const std::vector<double>& sorted, double p) {
  return order(sorted, std::floor(p * static_cast<double>(sorted.size() + 1)));
}

double best_beta(const std::vector<double>& size, const std::vector<double>& distance) {
  double best = 0, least = std::numeric_limits<double>::infinity();
  for (double beta = 0; beta <= 3; beta += 0.05) {
    double logs = 0, sum = 0;
    for (std::size_t i = 0; i < size.size(); ++i) {
      const double s = 1 + beta * distance[i];
      logs += std::log(s);
      sum += size[i] / s;
    }
    const double value = logs + static_cast<double>(size.size()) * std::log(sum);
    if (value < least) {
      least = value;
      best = beta;
    }
  }
  return best;
}

}  // namespace

double measured_loss(const Cell& cell, double cycle, const PowerLaw& beyond) {
  const auto after =
      std::lower_bound(cell.cycle.begin(), cell.cycle.end(), cycle,
                       [](int64_t a, double b) { return static_cast<double>(a) < b; });
  const auto i = static_cast<std::size_t>(after - cell.cycle.begin());
  if (cell.cycles() == 0) return beyond.loss(cycle);
  if (i == cell.cycles()) {
    const auto last = static_cast<double>(cell.cycle.back());
    return cell.loss(i - 1) + beyond.loss(cycle) - beyond.loss(last);
  }
  const auto right = static_cast<double>(cell.cycle[i]);
  if (i == 0 || right == cycle) return cell.loss(i);
  const auto left = static_cast<double>(cell.cycle[i - 1]);
  const double share = (cycle - left) / (right - left);
  return (1 - share) * cell.loss(i - 1) + share * cell.loss(i);
}

Calibration::Calibration(const std::vector<HeldOut>& cells) {
  std::vector<double> size, distance;
  for (const auto& held : cells) {
    if (std::isnan(held.estimate.life)) continue;
    size.push_back(std::abs(std::log(held.example.life / held.estimate.life)));
    distance.push_back(held.distance);
  }
  if (size.size() < 10)
    throw InputError("calibration: at least 10 cells with an estimate were expected, and " +
                     std::to_string(size.size()) + " came");
  beta_ = best_beta(size, distance);
  for (std::size_t i = 0; i < size.size(); ++i)
    life_.push_back(size[i] / (1 + beta_ * distance[i]));
  std::sort(life_.begin(), life_.end());
  for (int p = 0; p < kPoints; ++p) {
    std::vector<double> at;
    for (const auto& held : cells) {
      if (std::isnan(held.estimate.life)) continue;
      const double cycle = std::max(2.0, share_of(p) * held.estimate.life);
      const PowerLaw fitted{held.example.a, held.example.b, held.example.c};
      at.push_back((measured_loss(held.cell, cycle, fitted) - held.estimate.curve.loss(cycle)) /
                   (1 + beta_ * held.distance));
    }
    std::sort(at.begin(), at.end());
    curve_.push_back(std::move(at));
  }
}

double Calibration::life_factor(double distance, double level) const {
  return std::exp((1 + beta_ * distance) * upper(life_, level));
}

Range Calibration::life(const Estimate& estimate, double distance, double level) const {
  const double factor = life_factor(distance, level);
  return {estimate.life / factor, estimate.life * factor};
}

Range Calibration::loss(const Estimate& estimate, double distance, double cycle,
                        double level) const {
  const double at =
      std::clamp(cycle / estimate.life / kLastShare * kPoints - 1, 0.0, kPoints - 1.0);
  const auto left = static_cast<std::size_t>(at),
             right = std::min<std::size_t>(left + 1, kPoints - 1);
  const double share = at - static_cast<double>(left), s = 1 + beta_ * distance;
  const double tail = (1 - level) / 2, centre = estimate.curve.loss(cycle);
  const double low = (1 - share) * lower(curve_[left], tail) + share * lower(curve_[right], tail);
  const double high =
      (1 - share) * upper(curve_[left], 1 - tail) + share * upper(curve_[right], 1 - tail);
  return {centre + s * low, centre + s * high};
}

Json Calibration::to_json() const { return {{"beta", beta_}, {"life", life_}, {"curve", curve_}}; }

Calibration Calibration::from_json(const Json& json) {
  Calibration c;
  c.beta_ = json.at("beta").get<double>();
  c.life_ = json.at("life").get<std::vector<double>>();
  c.curve_ = json.at("curve").get<std::vector<std::vector<double>>>();
  return c;
}

}  // namespace regard::battery
