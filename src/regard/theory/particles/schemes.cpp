#include "regard/theory/particles/schemes.hpp"

#include <algorithm>
#include <cmath>

namespace regard::particles {
namespace {

constexpr int64_t kSampleEvery = 10;  // steps of the unit-speed scheme

}  // namespace

EulerScheme::EulerScheme(const Spec& spec, double beta, const Cloud& start)
    : Engine(spec, beta, start), close_(spec.close_gap(beta)) {
  stage_ = Stage::kScheme;
}

bool EulerScheme::step() {
  if (over_) return false;
  if (steps_ == 0) link_and_record(1);
  Cloud& cloud = clusters_.cloud;
  const bool late =
      until_.kind == Until::Kind::kTime && moment_.log_t >= until_.log_t + model_.log_rate - 1e-12;
  if (late || clusters_.groups() == 1) {
    record_end(Event::Kind::kEnd, particles::energy(model_.beta, cloud));
    return false;
  }
  const auto before = cloud;
  const int64_t n = cloud.size(), dim = cloud.dim;
  double moved = 0;
  for (int64_t i = 0; i < n; ++i) {
    double z = model_.kind == Kind::kSa ? 0 : 1;
    std::vector<double> mean(static_cast<std::size_t>(dim), 0.0);
    for (int64_t j = 0; j < n; ++j) {
      const double w = cloud.mass[j] * std::exp(-model_.beta * gap(before, i, j));
      if (model_.kind == Kind::kSa) z += w;
      for (int64_t c = 0; c < dim; ++c) mean[c] += w * before.row(j)[c];
    }
    for (int64_t c = 0; c < dim; ++c) cloud.row(i)[c] += kStep * mean[c] / z;
    normalise(cloud.row(i), dim);
    moved = std::max(moved, angle_of(gap(cloud.row(i), before.row(i), dim)));
  }
  ++steps_;
  moment_.log_t = std::log(kStep * static_cast<double>(steps_));
  link_and_record(moved);
  return true;
}

void EulerScheme::link_and_record(double moved) {
  const double now = particles::energy(model_.beta, clusters_.cloud);
  bool event = steps_ == 0;
  for (const auto& [a, b] : clusters_.survey(close_).near) {
    if (clusters_.group[a] == clusters_.group[b]) continue;
    record_merge(a, b, moment_, now);
    event = true;
  }
  if (event) remember_means();
  record_sample(now, event);
  record_frame(moved, event);
}

UnitSpeedScheme::UnitSpeedScheme(const Spec& spec, double beta, const Cloud& start)
    : Engine(spec, beta, start), close_(gap_of(kEqual)) {
  stage_ = Stage::kScheme;
  for (int64_t i = 0; i < start.size(); ++i)
    angles_.push_back(std::atan2(start.row(i)[1], start.row(i)[0]));
}

/// g_i = -n^-2 sum_j e^{b (cos - 1)} sin(theta_i - theta_j), and its length.
double UnitSpeedScheme::gradient(std::vector<double>& g, double& energy) const {
  const auto n = angles_.size();
  const double weight = 1 / static_cast<double>(n * n);
  g.assign(n, 0.0);
  energy = 1 / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double away = angles_[i] - angles_[j];
      const double w = weight * std::exp(-model_.beta * gap_of(away));
      g[i] -= w * std::sin(away);
      g[j] += w * std::sin(away);
      energy += 2 * w;
    }
  }
  double square = 0;
  for (const double value : g) square += value * value;
  return std::sqrt(square);
}

void UnitSpeedScheme::set_equal() {
  for (std::size_t i = 0; i < angles_.size(); ++i) {
    for (std::size_t j = i + 1; j < angles_.size(); ++j) {
      if (std::abs(angles_[i] - angles_[j]) < kEqual) angles_[j] = angles_[i];
    }
  }
}

bool UnitSpeedScheme::step() {
  if (over_) return false;
  std::vector<double> g;
  double now = 0, length = gradient(g, now);
  if (length < kSmall) {
    set_equal();
    length = gradient(g, now);
  }
  const bool end = !(length > 0) || steps_ >= 1'000'000;
  if (!end) {
    const double log_beta = std::log(model_.beta);
    for (std::size_t i = 0; i < g.size(); ++i) angles_[i] += kStep * log_beta * g[i] / length;
    ++steps_;
    moment_.arc = kStep * static_cast<double>(steps_);
  }
  if (!end && steps_ % kSampleEvery != 1) return true;
  for (std::size_t i = 0; i < angles_.size(); ++i) {
    clusters_.cloud.row(i)[0] = std::cos(angles_[i]);
    clusters_.cloud.row(i)[1] = std::sin(angles_[i]);
  }
  bool event = steps_ == 1;
  for (const auto& [a, b] : clusters_.survey(close_).near) {
    if (clusters_.group[a] == clusters_.group[b]) continue;
    record_merge(a, b, moment_, now);
    event = true;
  }
  if (event) remember_means();
  record_sample(now, event);
  record_frame(kStep * static_cast<double>(kSampleEvery), event);
  if (end) record_end(Event::Kind::kEnd, now);
  return !end;
}

void UnitSpeedScheme::visit(Archive& f) {
  Engine::visit(f);
  f("angles", angles_);
}

}  // namespace regard::particles
