#include "regard/theory/particles/engine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "regard/theory/particles/hessian.hpp"

namespace regard::particles {
namespace {

constexpr double kStart = -std::numeric_limits<double>::infinity();
constexpr int64_t kManyGroups = 400;  // above: the nearest pair of groups is not worth its search
constexpr int64_t kManyDirections = 60;  // above: nor are the eigenvalues of the Hessian

void visit_moment(Archive& f, const std::string& name, Moment& m) {
  f(name + ".log_t", m.log_t);
  f(name + ".arc", m.arc);
  f(name + ".theorem", m.theorem);
}

/// A list of records as one array for each field.
template <class T, class F>
void visit_list(Archive& f, const std::string& name, std::vector<T>& items, const F& each) {
  auto count = static_cast<double>(items.size());
  f(name + ".count", count);
  items.resize(static_cast<std::size_t>(count));
  std::vector<double> flat;
  if (!f.restores()) {
    for (auto& item : items) each(item, flat, static_cast<const double**>(nullptr));
  }
  f(name, flat);
  if (!f.restores()) return;
  const double* at = flat.data();
  std::vector<double> unused;
  for (auto& item : items) each(item, unused, &at);
}

/// Appends to `flat`, or reads from `*at` where it is given.
struct Field {
  std::vector<double>& flat;
  const double** at;
  template <class T>
  void operator()(T& value) {
    if (at == nullptr) {
      flat.push_back(static_cast<double>(value));
    } else {
      value = static_cast<T>(*(*at)++);
    }
  }
  template <class T>
  void operator()(std::vector<T>& values) {
    auto count = values.size();
    (*this)(count);
    values.resize(count);
    for (auto& value : values) (*this)(value);
  }
  void operator()(Moment& m) {
    (*this)(m.log_t);
    (*this)(m.arc);
    (*this)(m.theorem);
  }
};

void visit_trace(Archive& f, Recorder& recorder) {
  visit_list(f, "samples", recorder.trace.samples, [](Sample& s, auto& flat, auto** at) {
    Field field{flat, at};
    field(s.moment);
    field(s.energy);
    field(s.clusters);
  });
  visit_list(f, "frames", recorder.trace.frames, [](Frame& s, auto& flat, auto** at) {
    Field field{flat, at};
    field(s.moment);
    field(s.clusters);
    field(s.x);
  });
  visit_list(f, "events", recorder.trace.events, [](Event& e, auto& flat, auto** at) {
    Field field{flat, at};
    field(e.kind);
    field(e.moment);
    field(e.masses);
    field(e.gap);
    field(e.energy);
    field(e.stage);
    field(e.bound);
    field(e.joined);
    field(e.angle);
    field(e.positive);
    field(e.log_gradient);
  });
  f("recorder.stride", recorder.stride);
  f("recorder.waiting", recorder.waiting);
  f("recorder.least_move", recorder.least_move);
  f("recorder.moved", recorder.moved);
}

}  // namespace

Engine::Engine(const Spec& spec, double beta, const Cloud& start)
    : spec_(spec),
      model_(spec.model_at(beta, start.size())),
      until_(parse_until(spec.run.until)),
      clusters_(start) {
  moment_.log_t = kStart;
  remember_means();
}

std::vector<double> Engine::positions() const {
  std::vector<double> x;
  for (const auto centre : clusters_.owner) {
    const double* row = clusters_.cloud.row(centre);
    x.insert(x.end(), row, row + clusters_.cloud.dim);
  }
  return x;
}

Moment Engine::shown(const Moment& moment) const {
  return {moment.log_t - model_.log_rate, moment.arc, moment.theorem * std::exp(-model_.log_rate)};
}

void Engine::record_sample(double energy, bool always) {
  recorder_.sample({shown(moment_), energy, clusters_.groups()}, always);
}

void Engine::record_frame(double moved, bool always) {
  if (!always && recorder_.moved + moved < recorder_.least_move) {
    recorder_.moved += moved;
    return;
  }
  const auto particles = static_cast<int64_t>(clusters_.owner.size());
  const int64_t every = (particles + kMostDrawn - 1) / kMostDrawn;
  Frame frame{shown(moment_), clusters_.groups(), {}};
  for (int64_t i = 0; i < particles; i += every) {
    const double* row = clusters_.cloud.row(clusters_.owner[i]);
    frame.x.insert(frame.x.end(), row, row + clusters_.cloud.dim);
  }
  recorder_.frame(std::move(frame), moved, always);
}

void Engine::remember_means() { remembered_ = clusters_.group_means(remembered_names_); }

void Engine::describe(Event& event, const Moment& moment, double energy) const {
  event.moment = shown(moment);
  event.masses = clusters_.group_masses();
  event.energy = energy;
  event.stage = stage_;
  event.bound = clusters_.largest_bound();
  if (clusters_.groups() < 2 || clusters_.groups() > kManyGroups) return;
  std::vector<int64_t> names;
  const auto means = clusters_.group_means(names);
  event.gap = angle_of(smallest_gap(means));
  if (means.size() * (means.dim - 1) > kManyDirections) return;
  const auto curved = curvature(model_.beta, means);
  event.positive = curved.positive;
  event.log_gradient = curved.log_gradient;
}

void Engine::record_merge(int64_t a, int64_t b, const Moment& moment, double energy) {
  Event event;
  event.kind = Event::Kind::kMerge;
  event.joined = {std::min(clusters_.group[a], clusters_.group[b]),
                  std::max(clusters_.group[a], clusters_.group[b])};
  const auto place = [&](int64_t name) {
    return std::lower_bound(remembered_names_.begin(), remembered_names_.end(), name) -
           remembered_names_.begin();
  };
  event.angle = angle_of(gap(remembered_, place(event.joined[0]), place(event.joined[1])));
  clusters_.link(a, b);
  describe(event, moment, energy);
  recorder_.event(std::move(event));
}

void Engine::record_end(Event::Kind kind, double energy) {
  Event event;
  event.kind = kind;
  describe(event, moment_, energy);
  recorder_.event(std::move(event));
  record_sample(energy, true);
  record_frame(0, true);
  recorder_.finish();
  over_ = true;
}

void Engine::visit(Archive& f) {
  clusters_.visit(f);
  visit_trace(f, recorder_);
  visit_moment(f, "moment", moment_);
  f("stage", stage_);
  f("steps", steps_);
  f("over", over_);
  f("remembered.names", remembered_names_);
  f("remembered.dim", remembered_.dim);
  f("remembered.x", remembered_.x);
  f("remembered.mass", remembered_.mass);
}

}  // namespace regard::particles
