// Outcomes for programs: JSON and CSV.
#include <cmath>

#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/theory/particles/report.hpp"

namespace regard::particles {
namespace {

/// JSON has no infinity: log t of the start is null.

std::string field(double value) { return std::isfinite(value) ? shortest(value) : ""; }

Json event_json(const Event& event) {
  return {
      {"event", event_name(event.kind)},
      {"log_t", finite_or_null(event.moment.log_t)},
      {"t", finite_or_null(std::exp(event.moment.log_t))},
      {"arc", finite_or_null(event.moment.arc)},
      {"theorem_clock", finite_or_null(event.moment.theorem)},
      {"clusters", event.masses.size()},
      {"masses", event.masses},
      {"gap", finite_or_null(event.gap)},
      {"energy", finite_or_null(event.energy)},
      {"stage", stage_name(event.stage)},
      {"error_bound", finite_or_null(event.bound)},
      {"joined", event.joined},
      {"joined_gap", finite_or_null(event.angle)},
      {"upward_curvatures", event.positive < 0 ? Json(nullptr) : Json(event.positive)},
      {"log_gradient", event.positive < 0 ? Json(nullptr) : finite_or_null(event.log_gradient)}};
}

Json theorem_json(const TheoremWatch& watch) {
  const auto& s = watch.separation;
  const auto& b = s.bounds;
  return {{"covered", b.holds},
          {"caps", s.caps},
          {"epsilon", s.epsilon},
          {"angle", s.psi},
          {"alpha", b.alpha},
          {"gamma", b.gamma},
          {"log_lambda_one", finite_or_null(b.log_lambda_one)},
          {"lambda_two", b.lambda_two},
          {"lambda", b.lambda},
          {"log_t1_bound", finite_or_null(b.log_t1)},
          {"log_t1_measured", finite_or_null(watch.narrow)},
          {"log_t2_bound", finite_or_null(b.log_t2)},
          {"log_left_measured", finite_or_null(watch.left)},
          {"violations", watch.violations}};
}

}  // namespace

Json outcome_json(const Spec& spec, const Outcome& outcome) {
  Json json = {
      {"beta", outcome.beta},          {"model", spec.model.kind},
      {"engine", spec.run.engine},     {"particles", outcome.particles},
      {"dim", outcome.final.dim},      {"steps", outcome.steps},
      {"sentence", sentence(outcome)}, {"closed_form_log_t", finite_or_null(outcome.predicted)},
      {"events", Json::array()}};
  if (outcome.theorem.separation.caps > 0) json["theorem"] = theorem_json(outcome.theorem);
  for (const auto& event : outcome.trace.events) json["events"].push_back(event_json(event));
  return json;
}

std::string samples_csv(const std::vector<Outcome>& outcomes) {
  std::string csv = "beta,log_t,arc,theorem_clock,energy,clusters\n";
  for (const auto& outcome : outcomes) {
    for (const auto& sample : outcome.trace.samples) {
      csv += shortest(outcome.beta) + "," + field(sample.moment.log_t) + "," +
             field(sample.moment.arc) + "," + field(sample.moment.theorem) + "," +
             field(sample.energy) + "," + std::to_string(sample.clusters) + "\n";
    }
  }
  return csv;
}

}  // namespace regard::particles
