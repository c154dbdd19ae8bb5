#include "regard/theory/particles/simulate.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/theory/particles/closed_form.hpp"
#include "regard/theory/particles/limit.hpp"
#include "regard/theory/particles/schemes.hpp"
#include "regard/theory/particles/spectrum.hpp"
#include "regard/theory/particles/staged.hpp"

namespace regard::particles {
namespace {

constexpr int64_t kMostChecked = 5000;  // points up to which all pairs are looked at for opposites

}  // namespace

std::unique_ptr<Engine> make_engine(const Spec& spec, double beta, const Cloud& start,
                                    const kernels::ParallelFor& parallel) {
  const auto& name = spec.run.engine;
  if (name == "euler") return std::make_unique<EulerScheme>(spec, beta, start);
  if (name == "unit_speed") return std::make_unique<UnitSpeedScheme>(spec, beta, start);
  if (name == "limit") return std::make_unique<LimitEngine>(spec, beta, start);
  if (name == "spectrum") return std::make_unique<SpectrumEngine>(spec, beta, start, parallel);
  const auto mode = name == "direct" ? StagedEngine::Mode::kDirect : StagedEngine::Mode::kStaged;
  return std::make_unique<StagedEngine>(spec, beta, start, mode, parallel);
}

void Watch::look(const Engine& engine, double close_gap) {
  const auto& clusters = engine.clusters();
  if (!std::isnan(predicted) || clusters.cloud.size() != 2 || clusters.groups() != 2) return;
  const double angle = angle_of(gap(clusters.cloud, 0, 1)), end = angle_of(close_gap);
  if (!(angle > end && angle < 3.14159265)) return;
  predicted =
      log_add(engine.moment().log_t, log_time_of_pair(engine.model(), clusters.cloud.mass[0],
                                                      clusters.cloud.mass[1], angle, end)) -
      engine.model().log_rate;
}

void Watch::visit(Archive& f) { f("predicted", predicted); }

const Event* Outcome::last(Event::Kind kind) const {
  for (auto event = trace.events.rbegin(); event != trace.events.rend(); ++event) {
    if (event->kind == kind) return &*event;
  }
  return nullptr;
}

Simulation::Simulation(Spec spec, Cloud start, kernels::ParallelFor parallel)
    : spec_(std::move(spec)), start_(std::move(start)) {
  spec_.check(start_);
  spec_.spacing = dense_spacing(start_);
  double best = -std::numeric_limits<double>::infinity();
  for (const double beta : spec_.beta) {
    TheoremWatch theorem;
    if (spec_.run.theorem) theorem.separation = separate(start_, beta);
    best = std::max(best, theorem.separation.bounds.gamma);
    parts_.push_back({make_engine(spec_, beta, start_, parallel), {}, theorem});
  }
  if (spec_.run.theorem && best <= 0) {
    throw InputError(
        "simulate: --theorem: no partition of the points into caps is separated: the best has "
        "gamma = " +
        shortest(std::round(1e4 * best) / 1e4) + " <= 0, so the theorem says nothing");
  }
}

bool Simulation::step() {
  while (at_ < parts_.size()) {
    auto& part = parts_[at_];
    part.theorem.look(*part.engine);
    part.watch.look(*part.engine, spec_.close_gap(spec_.beta[at_]));
    if (part.engine->step()) return true;
    ++at_;
  }
  return false;
}

void Simulation::visit(Archive& f) {
  f("at", at_);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    f.prefix = "beta" + std::to_string(i) + ".";
    parts_[i].engine->visit(f);
    parts_[i].watch.visit(f);
    parts_[i].theorem.visit(f);
  }
  f.prefix.clear();
}

std::vector<Outcome> Simulation::outcomes() const {
  std::vector<Outcome> all;
  for (const auto& [engine, watch, theorem] : parts_) {
    Outcome outcome;
    outcome.beta = engine->beta();
    outcome.model = engine->model();
    outcome.trace = engine->recorder().trace;
    outcome.final = engine->clusters().cloud;
    outcome.steps = engine->steps();
    outcome.particles = static_cast<int64_t>(engine->clusters().owner.size());
    outcome.predicted = watch.predicted;
    outcome.theorem = theorem;
    outcome.over = engine->over();
    all.push_back(std::move(outcome));
  }
  return all;
}

std::vector<Outcome> simulate(const Spec& spec, const Cloud& start,
                              const kernels::ParallelFor& parallel) {
  Simulation simulation(spec, start, parallel);
  while (simulation.step()) {
  }
  return simulation.outcomes();
}

std::string antipodal_warning(const Cloud& start) {
  if (start.size() > kMostChecked) return "";
  for (int64_t i = 0; i < start.size(); ++i) {
    for (int64_t j = 0; j < i; ++j) {
      double sum = 0;
      for (int64_t c = 0; c < start.dim; ++c) {
        sum = std::max(sum, std::abs(start.row(i)[c] + start.row(j)[c]));
      }
      if (sum > 4e-16) continue;
      return "points " + std::to_string(j + 1) + " and " + std::to_string(i + 1) +
             " are exactly opposite: by themselves they stay so, an equilibrium";
    }
  }
  return "";
}

}  // namespace regard::particles
