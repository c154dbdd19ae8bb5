#include "regard/theory/particles/staged.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "regard/kernels/cpu/particles.hpp"
#include "regard/theory/particles/closed_form.hpp"

namespace regard::particles {
namespace {

constexpr double kTogether = 5e-17;     // gap of an angle of 1e-8
constexpr double kFinest = 2e-15;       // below, the error of a step is rounding
constexpr double kRestart = 30;         // a change of the clock by e^30 leaves no digit of a slope
constexpr int64_t kExactEnergies = 64;  // centres up to which an event has the energy of its moment
constexpr int kHalvings = 50;
constexpr int64_t kFusedFrom = 64;  // points from which the fused kernel is faster
constexpr double kFusedScale = 20;  // of the clock, up to which it leaves nothing out
constexpr int64_t kNoEvents = 300;  // above, merges of the formation are no events
constexpr double kSlow = 2;

}  // namespace

StagedEngine::StagedEngine(const Spec& spec, double beta, const Cloud& start, Mode mode,
                           const kernels::ParallelFor& parallel)
    : Engine(spec, beta, start),
      parallel_(parallel),
      mode_(mode),
      close_(spec.close_gap(beta)),
      together_(spec.run.merge == "paper" ? close_ : kTogether) {}

Rates StagedEngine::rates(const Cloud& cloud, double log_scale, double* v) {
  // The kernel knows neither a scale nor the smallest gap, which the theorem's clock wants.
  const bool fused =
      cloud.size() > kFusedFrom && log_scale < kFusedScale && spec_.run.clock != "theorem";
  if (!fused) return velocity(model_, cloud, log_scale, v);
  const auto n = cloud.size();
  std::vector<double> z(static_cast<std::size_t>(n));
  const bool normalised = model_.kind == Kind::kSa;
  kernels::cpu::particle_velocity<double>(
      {n, cloud.dim, cloud.x.data(), cloud.mass.data(), model_.beta, normalised}, v, z.data(),
      parallel_);
  return finish_rates(cloud, z, log_scale, v);
}

Rates StagedEngine::finish_rates(const Cloud& cloud, const std::vector<double>& z, double log_scale,
                                 double* v) const {
  Rates rates;
  const double scale = std::exp(log_scale);
  for (int64_t i = 0; i < cloud.size(); ++i) {
    double square = 0;
    for (int64_t c = 0; c < cloud.dim; ++c) {
      v[i * cloud.dim + c] *= scale;
      square += v[i * cloud.dim + c] * v[i * cloud.dim + c];
    }
    rates.energy += cloud.mass[i] * z[i];
    rates.arc += cloud.mass[i] * square;
    rates.largest = std::max(rates.largest, std::sqrt(square));
  }
  rates.arc = std::sqrt(rates.arc);
  rates.theorem = 1;
  rates.attraction = rates.largest;
  return rates;
}

double StagedEngine::energy_now() const { return particles::energy(model_.beta, clusters_.cloud); }

/// Points that are close from the start are one cluster at once, without an event.
void StagedEngine::begin() {
  clusters_.link_all(clusters_.survey(close_).near);
  remember_means();
  settle(true);
}

bool StagedEngine::ends() {
  const bool waits = until_.kind == Until::Kind::kTime;
  const double end = until_.log_t + model_.log_rate;
  if (clusters_.cloud.size() == 1 && waits) moment_.log_t = std::max(moment_.log_t, end);
  const bool merged = clusters_.groups() == 1 && !waits;
  const bool formed =
      until_.kind == Until::Kind::kFormed && stage_ == Stage::kCoarsening && mode_ == Mode::kStaged;
  if (!merged && !formed && !(waits && moment_.log_t >= end)) return false;
  record_end(Event::Kind::kEnd, energy_now());
  return true;
}

void StagedEngine::set_clock() {
  const double before = log_scale_;
  log_scale_ = mode_ == Mode::kDirect ? 0 : model_.beta * least_;
  const double change = log_scale_ - before;
  if (fresh_ || std::abs(change) > kRestart) {
    y_ = clusters_.cloud.x;
    y_.insert(y_.end(), {moment_.arc, moment_.theorem});
    moving_ = clusters_.cloud;
    slope(y_, k1_);
    fresh_ = false;
  } else {
    for (auto& value : k1_) value *= std::exp(change);
  }
  if (change > 0) h_ *= std::exp(-std::min(change, kRestart));
}

/// Forces that are zero, or that cancel to the last digit: going on would follow rounding.
bool StagedEngine::balanced() {
  const bool zero = last_.attraction < 1e-12 && last_.largest < 1e-12;
  if (!zero && last_.largest > 1e-12 * last_.attraction) return false;
  if (zero && least_ < 1) return false;  // near points contract: their small force is a good one
  record_end(zero ? Event::Kind::kEquilibrium : Event::Kind::kRefusal, energy_now());
  return true;
}

void StagedEngine::slope(const Values& y, Values& out) {
  out.resize(y.size());
  std::copy(y.begin(), y.end() - 2, moving_.x.begin());
  last_ = rates(moving_, log_scale_, out.data());
  const auto count = static_cast<double>(clusters_.owner.size());
  const double log_beta = std::log(model_.beta);
  out[y.size() - 2] = std::sqrt(count) * last_.arc / log_beta;
  out[y.size() - 1] = last_.theorem / log_beta;
}

double StagedEngine::step_to_end() const {
  if (until_.kind != Until::Kind::kTime) return std::numeric_limits<double>::infinity();
  const double end = until_.log_t + model_.log_rate;
  return std::exp(end + std::log1p(-std::exp(moment_.log_t - end)) - log_scale_);
}

/// The length of the step that was accepted; h_ is the next to try.
double StagedEngine::try_step(double limit) {
  const double allowed = std::max(spec_.run.tolerance / (1 + model_.beta), kFinest);
  const auto dim = static_cast<std::size_t>(clusters_.cloud.dim);
  while (true) {
    const double h = std::min(h_, limit);
    pair_.step([this](const Values& y, Values& out) { slope(y, out); }, y_, k1_, h);
    double error = 0;
    const auto& e = pair_.error();
    for (std::size_t i = 0; i + 2 < e.size(); i += dim) {
      double square = 0;
      for (std::size_t c = 0; c < dim; ++c) square += e[i + c] * e[i + c];
      if (!(square <= error)) error = square;  // takes NaN too
    }
    error = std::sqrt(error);
    const double factor =
        std::isfinite(error) ? 0.9 * std::pow(allowed / std::max(error, 1e-300), 0.2) : 0.1;
    const double next = h * std::clamp(factor, 0.1, 5.0);
    if (error <= allowed) {
      if (h == h_ || next > h_) h_ = next;
      return h;
    }
    h_ = next;
  }
}

bool StagedEngine::step() {
  if (over_) return false;
  if (recorder_.trace.samples.empty()) begin();
  if (ends()) return false;
  set_clock();
  if (balanced()) return false;
  const double h = try_step(step_to_end());
  ++steps_;
  accept(h);
  return true;
}

Moment StagedEngine::moment_at(double theta, double h) const {
  const auto n = y_.size();
  return {log_add(moment_.log_t, log_scale_ + std::log(theta * h)), pair_.at(theta, n - 2),
          pair_.at(theta, n - 1)};
}

Cloud StagedEngine::cloud_at(double theta) const {
  Cloud cloud = clusters_.cloud;
  for (std::size_t i = 0; i < cloud.x.size(); ++i) cloud.x[i] = pair_.at(theta, i);
  for (int64_t i = 0; i < cloud.size(); ++i) normalise(cloud.row(i), cloud.dim);
  return cloud;
}

std::vector<StagedEngine::Crossing> StagedEngine::crossings(
    const std::vector<Clusters::Pair>& pairs) const {
  const auto dim = clusters_.cloud.dim;
  const auto near_at = [&](double theta, const Clusters::Pair& p) {
    double square = 0;
    for (int64_t c = 0; c < dim; ++c) {
      const double away = pair_.at(theta, p.a * dim + c) - pair_.at(theta, p.b * dim + c);
      square += away * away;
    }
    return 0.5 * square < close_;
  };
  std::vector<Crossing> found;
  for (const auto& pair : pairs) {
    double low = 0, high = 1;
    for (int i = 0; i < kHalvings; ++i) {
      const double middle = 0.5 * (low + high);
      (near_at(middle, pair) ? high : low) = middle;
    }
    found.push_back({high, pair});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Crossing& a, const Crossing& b) { return a.theta < b.theta; });
  return found;
}

void StagedEngine::record(const std::vector<Crossing>& found, double h) {
  if (clusters_.groups() > kNoEvents) {
    std::vector<Clusters::Pair> pairs;
    for (const auto& crossing : found) pairs.push_back(crossing.pair);
    clusters_.link_all(pairs);
    return;
  }
  for (const auto& [theta, pair] : found) {
    if (clusters_.group[pair.a] == clusters_.group[pair.b]) continue;
    const bool exact = clusters_.cloud.size() <= kExactEnergies;
    record_merge(pair.a, pair.b, moment_at(theta, h),
                 exact ? particles::energy(model_.beta, cloud_at(theta)) : last_.energy);
  }
}

/// The merge rule of the paper moves the two at once, so that the step ends there.
void StagedEngine::stop_at_first(const Crossing& first, double h) {
  const auto moment = moment_at(first.theta, h);
  clusters_.cloud = cloud_at(first.theta);
  record_merge(first.pair.a, first.pair.b, moment, energy_now());
  moment_ = moment;
  clusters_.merge_pair(first.pair.a, first.pair.b);
  fresh_ = true;
  settle(true);
}

void StagedEngine::accept(double h) {
  double moved = 0;
  for (std::size_t i = 0; i + 2 < y_.size(); ++i)
    moved = std::max(moved, std::abs(pair_.end()[i] - y_[i]));
  const auto before = clusters_.cloud;
  clusters_.cloud = cloud_at(1);
  const auto survey = clusters_.survey(close_);
  const auto found = crossings(survey.near);
  if (together_ == close_ && !found.empty()) {
    clusters_.cloud = before;
    stop_at_first(found.front(), h);
    return;
  }
  record(found, h);
  moment_ = moment_at(1, h);
  std::copy(clusters_.cloud.x.begin(), clusters_.cloud.x.end(), y_.begin());
  y_[y_.size() - 2] = moment_.arc;
  y_[y_.size() - 1] = moment_.theorem;
  k1_ = pair_.end_slope();
  least_ = survey.least;
  if (found.empty() && (mode_ == Mode::kDirect || least_ >= together_)) {
    record_sample(last_.energy, false);
    record_frame(moved, false);
    return;
  }
  settle(!found.empty());
}

/// After a merge: one centre of those that agree, the smallest gap, the stage.
void StagedEngine::settle(bool event) {
  if (mode_ == Mode::kStaged && together_ != close_) {
    const auto centres = clusters_.cloud.size();
    clusters_.merge(together_);
    fresh_ = fresh_ || clusters_.cloud.size() != centres;
  }
  least_ = clusters_.survey(close_).least;
  // Metastable: every cluster is a point, and the fastest drift, about b e^{-b u}, is slow.
  if (mode_ == Mode::kStaged && clusters_.merged() &&
      model_.beta * least_ > std::log(model_.beta) + kSlow)
    stage_ = Stage::kCoarsening;
  if (!event) return;
  remember_means();
  record_sample(energy_now(), true);
  record_frame(0, true);
  std::vector<int64_t> names;
  if (mode_ == Mode::kDirect && clusters_.groups() > 1 && clusters_.groups() <= kExactEnergies &&
      model_.beta * smallest_gap(clusters_.group_means(names)) > kDirectLimit)
    record_end(Event::Kind::kRefusal, energy_now());
}

void StagedEngine::visit(Archive& f) {
  Engine::visit(f);
  f("least", least_);
  f("h", h_);
  f("log_scale", log_scale_);
  f("fresh", fresh_);
  f("y", y_);
  f("k1", k1_);
  f("last.energy", last_.energy);
  f("last.arc", last_.arc);
  f("last.theorem", last_.theorem);
  f("last.largest", last_.largest);
  f("last.attraction", last_.attraction);
  if (f.restores()) moving_ = clusters_.cloud;
}

}  // namespace regard::particles
