// What a simulation says: a sentence, a table of events, JSON, a page with figures.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "regard/base/json.hpp"
#include "regard/report/document.hpp"
#include "regard/theory/particles/simulate.hpp"

namespace regard::particles {

/// "two clusters of 2/5 and 3/5 lived to t = 328.36, as the closed form says".
std::string sentence(const Outcome& outcome);

/// A row for each event; with `most` > 0 only the last of each beta, and a note says how many are
/// left out.
report::Table event_table(const std::vector<Outcome>& outcomes, std::size_t most = 0);

/// A row for each number of clusters: from when to when it lived.
report::Table persistence_table(const Outcome& outcome);

/// A row for each beta: last merge, closed form, and in the notes the slope of log T + log beta.
report::Table beta_table(const std::vector<Outcome>& outcomes);

/// A row for each beta: the constants of the theorem beside what was measured.
report::Table theorem_table(const std::vector<Outcome>& outcomes);

/// A row for each beta: the wave of a uniform circle that grows fastest, by formula and as
/// measured.
report::Table modes_table(const std::vector<Outcome>& outcomes);

/// Slope of log T + log beta over beta by least squares, from the outcomes that merged; NaN below
/// two.
double lifetime_slope(const std::vector<Outcome>& outcomes);

/// Everything about one beta, for programs.
Json outcome_json(const Spec& spec, const Outcome& outcome);

/// The samples as rows: beta, log t, clocks, energy, clusters.
std::string samples_csv(const std::vector<Outcome>& outcomes);

using Environment = std::vector<std::pair<std::string, std::string>>;
report::Document page(const Spec& spec, const Cloud& start, const std::vector<Outcome>& outcomes,
                      const Environment& environment);

/// The group of each particle when `clusters` were left: the name of a group is its first particle.
std::vector<int64_t> groups_at(const Cloud& start, double close_gap, const Trace& trace,
                               int64_t clusters);

/// How long each number of clusters lived, in log t; the counts at events only.
struct Life {
  int64_t clusters;
  double from, to;
  double energy;     // at the middle sample of that life
  int64_t positive;  // Event::positive at its beginning
  double log_gradient;
};
std::vector<Life> lives(const Outcome& outcome);

// Figures, a variant for each beta.
report::Figure motion_figure(const Spec& spec, const Cloud& start, const std::vector<Outcome>& all);
report::Figure energy_figure(const Spec& spec, const std::vector<Outcome>& all);
report::Figure count_figure(const Spec& spec, const std::vector<Outcome>& all);
report::Figure gram_figure(const std::vector<Outcome>& all, int64_t dim);
report::Figure dendrogram_figure(const Spec& spec, const Cloud& start,
                                 const std::vector<Outcome>& all);

/// "t = 328.364", "t = e^3708.07".
std::string time_text(double log_t);
std::string beta_text(double beta);

}  // namespace regard::particles
