// A simulation: the same points for every beta of the spec, one after the other.
//
//   const auto outcomes = particles::simulate(spec, particles::make_start(spec.points).cloud);
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "regard/theory/particles/engine.hpp"
#include "regard/theory/particles/starts.hpp"
#include "regard/theory/particles/theorem.hpp"

namespace regard::particles {

/// Looks at an engine after each step, for what closed forms say beside it.
struct Watch {
  /// log t at which the last two clusters merge, by quadrature from when both were points; NaN
  /// before.
  double predicted = std::numeric_limits<double>::quiet_NaN();

  void look(const Engine& engine, double close_gap);
  void visit(Archive& f);
};

struct Outcome {
  double beta = 0;
  Model model;
  Trace trace;
  Cloud final;
  int64_t steps = 0, particles = 0;
  double predicted = std::numeric_limits<double>::quiet_NaN();
  bool over = false;
  TheoremWatch theorem;  // of --theorem; without caps otherwise

  /// The last event of a kind, or null.
  const Event* last(Event::Kind kind) const;
};

class Simulation {
 public:
  /// InputError for what cannot be simulated, before any work.
  Simulation(Spec spec, Cloud start, kernels::ParallelFor parallel = kernels::run_serially);

  /// One step of the beta at hand; false when all are done.
  bool step();
  /// The whole state, for a checkpoint.
  void visit(Archive& f);

  const Spec& spec() const { return spec_; }
  const Cloud& start() const { return start_; }
  std::size_t done() const { return at_; }
  const Engine& engine() const { return *parts_[std::min(at_, parts_.size() - 1)].engine; }
  std::vector<Outcome> outcomes() const;

 private:
  struct Part {
    std::unique_ptr<Engine> engine;
    Watch watch;
    TheoremWatch theorem;
  };
  Spec spec_;
  Cloud start_;
  std::vector<Part> parts_;
  std::size_t at_ = 0;
};

std::vector<Outcome> simulate(const Spec& spec, const Cloud& start,
                              const kernels::ParallelFor& parallel = kernels::run_serially);

/// Points that are exactly opposite: an equilibrium, which the user should know of. "" when there
/// are none.
std::string antipodal_warning(const Cloud& start);

}  // namespace regard::particles
