#include "regard/battery/models/capacity_prior.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "regard/base/error.hpp"
#include "regard/base/json.hpp"
#include "regard/battery/features.hpp"
#include "regard/battery/spikes.hpp"

namespace regard::battery {
namespace {

constexpr double kNoise = 0.003, kOffset = 0.005;
constexpr double kUnlike = 3, kOther = 2;  // what the deviation of ln life is multiplied by
constexpr int kLives = 61, kShapes = 31;
constexpr double kReach = 3.5;  // standard deviations of the prior that the grid spans
constexpr std::array kPowers = {1.0, 0.3, 0.1, 0.03, 0.01, 0.003};
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

struct Record {
  std::vector<double> log_x, loss;
  double c = kMissing;
};

Record record_of(const Cell& whole, int64_t n) {
  auto cell = first_cycles(whole, n);
  drop_spikes(cell);
  Record record;
  for (std::size_t i = 0; i < cell.cycles(); ++i) {
    if (cell.cycle[i] < 2) continue;
    if (std::isnan(record.c)) record.c = cell.loss(i);
    record.log_x.push_back(std::log(static_cast<double>(cell.cycle[i] - 1)));
    record.loss.push_back(cell.loss(i));
  }
  if (record.loss.size() < 10)
    throw InputError("capacities of " + whole.name + ": at least 10 cycles from 2 to " +
                     std::to_string(n) + " were expected, and " +
                     std::to_string(record.loss.size()) + " came");
  return record;
}

/// ln of the likelihood with the common offset integrated out, up to a constant.
double log_likelihood(const Record& record, const PowerLaw& curve) {
  double sum = 0, square = 0;
  for (std::size_t i = 0; i < record.loss.size(); ++i) {
    const double r = record.loss[i] - curve.c - std::exp(curve.a + curve.b * record.log_x[i]);
    sum += r;
    square += r * r;
  }
  const double shrink = static_cast<double>(record.loss.size()) + std::pow(kNoise / kOffset, 2);
  return -(square - sum * sum / shrink) / (2 * kNoise * kNoise);
}

/// What capacities alone say of cycles 2 to n: first loss, largest gain, loss of the last tenth
/// against the largest.
std::vector<double> look(const Cell& cell, int64_t n) {
  const auto record = record_of(cell, n);
  const auto& loss = record.loss;
  const double least = *std::min_element(loss.begin(), loss.end());
  const auto tail = std::max<std::ptrdiff_t>(3, static_cast<std::ptrdiff_t>(loss.size()) / 10);
  const double last =
      std::accumulate(loss.end() - tail, loss.end(), 0.0) / static_cast<double>(tail);
  return {record.c, record.c - least, last - least};
}

double weighted_quantile(std::vector<std::pair<double, double>> values, double p) {
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const auto& [value, weight] : values) {
    sum += weight;
    if (sum >= p) return value;
  }
  return values.back().first;
}

}  // namespace

double CapacityPosterior::life_quantile(double p) const {
  std::vector<std::pair<double, double>> values;
  for (std::size_t i = 0; i < lives.size(); ++i) values.emplace_back(lives[i], weights[i]);
  return weighted_quantile(std::move(values), p);
}

Estimate CapacityPosterior::centre() const {
  double log_b = 0;
  for (std::size_t i = 0; i < curves.size(); ++i) log_b += weights[i] * std::log(curves[i].b);
  return estimate_through(life_quantile(0.5), std::exp(log_b), curves.at(0).c);
}

Range CapacityPosterior::life(double level) const {
  return {life_quantile((1 - level) / 2) / half_step, life_quantile((1 + level) / 2) * half_step};
}

Range CapacityPosterior::loss(double cycle, double level) const {
  std::vector<std::pair<double, double>> values;
  for (std::size_t i = 0; i < curves.size(); ++i)
    values.emplace_back(curves[i].loss(cycle), weights[i]);
  return {weighted_quantile(values, (1 - level) / 2), weighted_quantile(values, (1 + level) / 2)};
}

CapacityPrior::Gaussian CapacityPrior::gaussian(const Examples& examples, std::size_t without) {
  Gaussian g;
  double n = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (i == without) continue;
    g.life += std::log(examples[i].life);
    g.b += std::log(examples[i].b);
    ++n;
  }
  g.life /= n;
  g.b /= n;
  g.vl = g.vb = g.cross = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (i == without) continue;
    const double dl = std::log(examples[i].life) - g.life, db = std::log(examples[i].b) - g.b;
    g.vl += dl * dl / (n - 1);
    g.vb += db * db / (n - 1);
    g.cross += dl * db / (n - 1);
  }
  return g;
}

CapacityPosterior CapacityPrior::posterior(const Cell& cell, int64_t n, const Gaussian& prior,
                                           double widen, double power) {
  const auto record = record_of(cell, n);
  if (!(record.c < kEndOfLife))
    throw InputError("capacities of " + cell.name +
                     ": a first loss below 20 % was expected, and it is already beyond; is the "
                     "nominal capacity right?");
  const double sl = widen * std::sqrt(prior.vl), sb = std::sqrt(prior.vb);
  const double rho =
      widen > 1 ? 0 : std::clamp(prior.cross / std::sqrt(prior.vl * prior.vb), -0.99, 0.99);
  CapacityPosterior out;
  std::vector<double> logs;
  for (int i = 0; i < kLives; ++i) {
    for (int j = 0; j < kShapes; ++j) {
      const double u = kReach * (2.0 * i / (kLives - 1) - 1),
                   v = kReach * (2.0 * j / (kShapes - 1) - 1);
      const double life = std::exp(prior.life + sl * u), b = std::exp(prior.b + sb * v);
      if (life < 3 || b < 1) continue;  // with B < 1, early fade slows down and life has no end
      const auto curve = PowerLaw::through(life, b, record.c, kEndOfLife);
      const double log_prior = -(u * u - 2 * rho * u * v + v * v) / (2 * (1 - rho * rho));
      logs.push_back(log_prior + power * log_likelihood(record, curve));
      out.curves.push_back(curve);
      out.lives.push_back(life);
    }
  }
  const double top = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double l : logs) sum += std::exp(l - top);
  CapacityPosterior kept;
  kept.half_step = std::exp(kReach * sl / (kLives - 1));
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const double weight = std::exp(logs[i] - top) / sum;
    if (weight < 1e-7) continue;
    kept.curves.push_back(out.curves[i]);
    kept.lives.push_back(out.lives[i]);
    kept.weights.push_back(weight);
  }
  return kept;
}

CapacityPrior::CapacityPrior(const Examples& examples, const std::vector<Cell>& cells, int64_t n,
                             double false_alarm) {
  if (examples.size() < 10)
    throw InputError("capacity mode: at least 10 training cells were expected, and " +
                     std::to_string(examples.size()) + " came");
  prior_ = gaussian(examples, kNone);
  std::vector<std::vector<double>> looks;
  for (const auto& cell : cells) looks.push_back(look(cell, n));
  near_ = Neighbourhood(std::move(looks), false_alarm);
  double best = -std::numeric_limits<double>::infinity();
  for (const double power : kPowers) {
    double sum = 0;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      const auto p = posterior(cells[i], n, gaussian(examples, i), 1, power);
      double mean = 0, square = 0;
      for (std::size_t g = 0; g < p.lives.size(); ++g) mean += p.weights[g] * std::log(p.lives[g]);
      for (std::size_t g = 0; g < p.lives.size(); ++g)
        square += p.weights[g] * std::pow(std::log(p.lives[g]) - mean, 2);
      const double sd = std::sqrt(square) + 0.01;  // no finer than the grid
      sum -= std::log(sd) + std::pow((std::log(examples[i].life) - mean) / sd, 2) / 2;
    }
    if (sum > best) {
      best = sum;
      power_ = power;
    }
  }
}

CapacityPosterior CapacityPrior::posterior(const Cell& cell, int64_t n) const {
  return posterior(cell, n, prior_, outside(cell, n) ? kUnlike : kOther, power_);
}

double CapacityPrior::distance(const Cell& cell, int64_t n) const {
  return near_.distance(look(cell, n));
}

Json CapacityPrior::to_json() const {
  return {{"life", prior_.life},    {"b", prior_.b},         {"var_life", prior_.vl},
          {"var_b", prior_.vb},     {"cross", prior_.cross}, {"power", power_},
          {"near", near_.to_json()}};
}

CapacityPrior CapacityPrior::from_json(const Json& json) {
  CapacityPrior p;
  p.prior_ = {json.at("life"), json.at("b"), json.at("var_life"), json.at("var_b"),
              json.at("cross")};
  p.power_ = json.at("power");
  p.near_ = Neighbourhood::from_json(json.at("near"));
  return p;
}

}  // namespace regard::battery
