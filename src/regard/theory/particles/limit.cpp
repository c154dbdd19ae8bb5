#include "regard/theory/particles/limit.hpp"

#include <algorithm>
#include <cmath>

#include "regard/theory/particles/closed_form.hpp"

namespace regard::particles {
namespace {

constexpr double kOpposite = 3.14159265;  // no great circle is singled out

}  // namespace

LimitEngine::LimitEngine(const Spec& spec, double beta, const Cloud& start)
    : Engine(spec, beta, start), close_(spec.close_gap(beta)) {
  stage_ = Stage::kLimit;
}

bool LimitEngine::step() {
  if (over_) return false;
  Cloud& cloud = clusters_.cloud;
  if (steps_++ == 0) {
    record_sample(particles::energy(model_.beta, cloud), true);
    record_frame(0, true);
  }
  if (cloud.size() == 1) {
    record_end(Event::Kind::kEnd, 1);
    return false;
  }
  int64_t a = 0, b = 1;
  for (int64_t i = 0; i < cloud.size(); ++i) {
    for (int64_t j = 0; j < i; ++j) {
      if (gap(cloud, i, j) < gap(cloud, a, b)) {
        a = j;
        b = i;
      }
    }
  }
  const double angle = angle_of(gap(cloud, a, b)), end = angle_of(close_);
  if (angle >= kOpposite) {
    record_end(Event::Kind::kEquilibrium, particles::energy(model_.beta, cloud));
    return false;
  }
  const double ma = cloud.mass[a], mb = cloud.mass[b];
  Moment next = moment_;
  if (angle > end)
    next.log_t = log_add(moment_.log_t, log_time_of_pair(model_, ma, mb, angle, end));
  if (until_.kind == Until::Kind::kTime && next.log_t >= until_.log_t + model_.log_rate) {
    moment_.log_t = until_.log_t + model_.log_rate;
    record_end(Event::Kind::kEnd, particles::energy(model_.beta, cloud));
    return false;
  }
  next.arc += angle * std::sqrt(ma * mb / (ma + mb)) *
              std::sqrt(static_cast<double>(clusters_.owner.size())) / std::log(model_.beta);
  // ds = dt e^{-b u} / log b along the pair, whose speed is rate e^{-b u} sin(angle).
  const double rate = model_.kind == Kind::kUsa ? ma + mb : ma / mb + mb / ma;
  next.theorem +=
      (std::log(std::tan(0.5 * angle)) - std::log(std::tan(0.5 * std::min(angle, end)))) /
      (rate * std::log(model_.beta));
  const double share =
      model_.kind == Kind::kUsa ? mb / (ma + mb) : mb * mb / (ma * ma + mb * mb);  // moved by a
  std::vector<double> at(static_cast<std::size_t>(cloud.dim));
  const double wa = std::sin((1 - share) * angle), wb = std::sin(share * angle);
  for (int64_t c = 0; c < cloud.dim; ++c) at[c] = wa * cloud.row(a)[c] + wb * cloud.row(b)[c];
  if (!normalise(at.data(), cloud.dim)) at.assign(cloud.row(a), cloud.row(a) + cloud.dim);
  std::copy(at.begin(), at.end(), cloud.row(a));
  std::copy(at.begin(), at.end(), cloud.row(b));
  record_merge(a, b, next, particles::energy(model_.beta, cloud));
  moment_ = next;
  clusters_.merge_pair(a, b);
  remember_means();
  record_sample(particles::energy(model_.beta, cloud), true);
  record_frame(0, true);
  return true;
}

}  // namespace regard::particles
