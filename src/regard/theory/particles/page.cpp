// The page of a simulation.
#include <cmath>

#include "regard/base/text.hpp"
#include "regard/theory/particles/report.hpp"

namespace regard::particles {
namespace {

std::string scope(const Spec& spec, const Cloud& start) {
  std::string text = spec.model.kind == "sa" ? "SA" : "USA (" + spec.model.usa_norm + ")";
  text += " · " + std::to_string(start.size()) + " points on the sphere S^" +
          std::to_string(start.dim - 1) + " · engine " + spec.run.engine;
  return text;
}

}  // namespace

report::Document page(const Spec& spec, const Cloud& start, const std::vector<Outcome>& outcomes,
                      const Environment& environment) {
  report::Document document;
  document.kicker = "Regard · self-attention as particles";
  document.title = spec.points.file.empty() ? "Particles: " + spec.points.init
                                            : "Particles: " + spec.points.file;
  document.scope = scope(spec, start);
  document.sentence = sentence(outcomes.front());
  for (std::size_t i = 1; i < outcomes.size(); ++i)
    document.remarks.push_back(sentence(outcomes[i]));

  report::Block motion;
  motion.heading = "The particles";
  motion.figures = {motion_figure(spec, start, outcomes), energy_figure(spec, outcomes)};
  report::Block counts;
  counts.heading = "Clusters";
  counts.lead = "How many there are, and which merges with which.";
  counts.figures = {count_figure(spec, outcomes), dendrogram_figure(spec, start, outcomes)};
  if (outcomes.size() == 1) counts.table = persistence_table(outcomes.front());
  report::Block gram;
  gram.heading = "Scalar products";
  gram.figures = {gram_figure(outcomes, start.dim)};
  document.blocks = {motion, counts, gram};
  if (outcomes.size() > 1) {
    report::Block betas;
    betas.heading = "By β";
    betas.table = beta_table(outcomes);
    document.blocks.push_back(betas);
  }
  if (spec.run.theorem) {
    report::Block theorem;
    theorem.heading = "The theorem";
    theorem.lead = "What arXiv 2410.06833 promises for these points, and what was measured.";
    theorem.table = theorem_table(outcomes);
    document.blocks.push_back(theorem);
  }
  if (spec.run.modes) {
    report::Block modes;
    modes.heading = "Waves of the uniform circle";
    modes.table = modes_table(outcomes);
    document.blocks.push_back(modes);
  }
  constexpr std::size_t kMostRows = 60;
  report::Block events;
  events.heading = "Events";
  events.table = event_table(outcomes, kMostRows);
  document.blocks.push_back(events);
  document.environment = environment;
  return document;
}

}  // namespace regard::particles
