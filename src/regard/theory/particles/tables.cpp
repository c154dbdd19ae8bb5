#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

#include "regard/base/text.hpp"
#include "regard/theory/particles/report.hpp"

namespace regard::particles {
namespace {

constexpr double kReadable = 13;  // above, e^log t has more digits than a reader wants
constexpr double kAgrees = 1e-3;  // of log t
constexpr std::size_t kMostLives = 12;

/// 2/5 where masses are multiples of 1/n, else a decimal.
std::string mass_text(double mass, int64_t particles) {
  const double count = mass * static_cast<double>(particles);
  if (particles <= 1000 && std::abs(count - std::round(count)) < 1e-9 * count + 1e-9) {
    return std::to_string(std::llround(count)) + "/" + std::to_string(particles);
  }
  return formatted(mass, "%.3g");
}

std::string masses_text(const std::vector<double>& masses, int64_t particles) {
  constexpr std::size_t kMost = 6;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < std::min(kMost, masses.size()); ++i)
    parts.push_back(mass_text(masses[i], particles));
  if (masses.size() > kMost) parts.push_back("…");
  return join(parts, " ");
}

report::Cell exact(double value, const char* format) {
  if (!std::isfinite(value)) return report::word("–");
  return {formatted(value, format), value, report::kAbsent};
}

std::vector<report::Cell> event_row(const Outcome& outcome, const Event& event, bool several) {
  std::vector<report::Cell> row;
  if (several) row.push_back(exact(outcome.beta, "%.6g"));
  row.push_back(report::word(event_name(event.kind)));
  row.push_back(exact(event.moment.log_t, "%.6f"));
  row.push_back(exact(std::exp(event.moment.log_t), "%.6g"));
  row.push_back(report::number(static_cast<double>(event.masses.size()), 0));
  row.push_back(report::word(masses_text(event.masses, outcome.particles)));
  row.push_back(event.gap > 0 ? exact(event.gap, "%.4f") : report::word("–"));
  row.push_back(exact(event.energy, "%.5f"));
  row.push_back(report::word(stage_name(event.stage)));
  row.push_back(exact(event.bound, "%.1e"));
  return row;
}

std::string cluster_words(const Event& event, const Event& before, int64_t particles) {
  (void)event;
  static const char* const names[] = {"no", "one", "two", "three", "four", "five", "six"};
  const auto count = before.masses.size();
  const std::string number = count < 7 ? names[count] : std::to_string(count);
  std::vector<std::string> parts;
  for (const double mass : before.masses) parts.push_back(mass_text(mass, particles));
  std::reverse(parts.begin(), parts.end());
  if (parts.size() > 4) return number + " clusters";
  const auto last = parts.back();
  parts.pop_back();
  return number + " clusters of " + join(parts, ", ") + " and " + last;
}

}  // namespace

std::string beta_text(double beta) { return "β = " + formatted(beta, "%.6g"); }

std::string time_text(double log_t) {
  if (!std::isfinite(log_t)) return "t = 0";
  return log_t < kReadable ? "t = " + formatted(std::exp(log_t), "%.6g")
                           : "t = e^" + formatted(log_t, "%.7g");
}

std::string sentence(const Outcome& outcome) {
  const auto& events = outcome.trace.events;
  const auto at = beta_text(outcome.beta) + ": ";
  std::vector<const Event*> merges;
  for (const auto& event : events) {
    if (event.kind == Event::Kind::kMerge) merges.push_back(&event);
  }
  for (const auto& event : events) {
    if (event.kind == Event::Kind::kRefusal) {
      return at + "the run stops at " + time_text(event.moment.log_t) +
             ": the forces cancel to the last digit, and going on would follow rounding.";
    }
    if (event.kind == Event::Kind::kEquilibrium) {
      return at + "nothing moves after " + time_text(event.moment.log_t) +
             ": the clusters stand opposite each other, an equilibrium.";
    }
  }
  if (merges.size() >= 2 && merges.back()->masses.size() == 1) {
    const auto& last = *merges.back();
    auto text = cluster_words(last, *merges[merges.size() - 2], outcome.particles) + " lived to " +
                time_text(last.moment.log_t);
    if (std::isfinite(outcome.predicted)) {
      const double off = std::abs(outcome.predicted - last.moment.log_t);
      text += off < kAgrees * std::max(1.0, std::abs(last.moment.log_t))
                  ? ", as the closed form says"
                  : "; the closed form for the two says " + time_text(outcome.predicted);
    }
    text[0] = static_cast<char>(std::toupper(text[0]));
    return at + text + ".";
  }
  if (events.empty()) return at + "nothing has happened yet.";
  const auto& last = events.back();
  return at + "at " + time_text(last.moment.log_t) + " there " +
         (last.masses.size() == 1 ? "is one cluster."
                                  : "are " + std::to_string(last.masses.size()) + " clusters.");
}

report::Table event_table(const std::vector<Outcome>& outcomes, std::size_t most) {
  report::Table table;
  const bool several = outcomes.size() > 1;
  using report::Align;
  if (several) table.columns.push_back({"beta", "β", ""});
  table.columns.push_back({"event", "event", "", Align::kLeft});
  table.columns.push_back({"log_t", "log t", ""});
  table.columns.push_back({"t", "t", ""});
  table.columns.push_back({"clusters", "clusters", ""});
  table.columns.push_back({"masses", "masses", "", Align::kLeft});
  table.columns.push_back({"gap", "nearest", "rad"});
  table.columns.push_back({"energy", "Ê", ""});
  table.columns.push_back({"stage", "stage", "", Align::kLeft});
  table.columns.push_back({"bound", "error bound", "rad"});
  std::size_t left_out = 0;
  for (const auto& outcome : outcomes) {
    const auto& events = outcome.trace.events;
    const std::size_t skip = most > 0 && events.size() > most ? events.size() - most : 0;
    left_out += skip;
    for (std::size_t i = skip; i < events.size(); ++i)
      table.rows.push_back(event_row(outcome, events[i], several));
  }
  if (left_out > 0) {
    table.notes.push_back(std::to_string(left_out) + " earlier merges are in events.csv.");
  }
  table.notes.push_back(
      "A merge: two clusters come nearer than cos = 1 - 0.004/β (or --close). Nearest: the angle "
      "between the nearest two clusters that are left. Ê: 2βE. Error bound: how far merging points "
      "into one may have moved it.");
  return table;
}

std::vector<Life> lives(const Outcome& outcome) {
  std::vector<Life> all;
  double since = -std::numeric_limits<double>::infinity(), gradient = 0;
  int64_t positive = -1;
  const auto& events = outcome.trace.events;
  for (const auto& event : events) {
    const auto after = static_cast<int64_t>(event.masses.size());
    const bool merge = event.kind == Event::Kind::kMerge;
    const auto before = merge ? after + 1 : after;
    if (event.moment.log_t > since) {
      all.push_back({before, since, event.moment.log_t, 0, positive, gradient});
    }
    since = event.moment.log_t;
    positive = event.positive;
    gradient = event.log_gradient;
  }
  for (auto& life : all) {
    double nearest = std::numeric_limits<double>::infinity();
    const double middle = std::isfinite(life.from) ? 0.5 * (life.from + life.to) : life.to - 1;
    for (const auto& sample : outcome.trace.samples) {
      const double off = std::abs(sample.moment.log_t - middle);
      if (off < nearest) {
        nearest = off;
        life.energy = sample.energy;
      }
    }
  }
  return all;
}

report::Table persistence_table(const Outcome& outcome) {
  report::Table table;
  table.columns = {{"clusters", "clusters", ""},
                   {"from", "from log t", ""},
                   {"to", "to log t", ""},
                   {"persistence", "persistence", "log t"},
                   {"energy", "Ê in the middle", ""},
                   {"positive", "upward curvatures", ""},
                   {"log_gradient", "log |∇E|", ""}};
  const auto all = lives(outcome);
  std::vector<double> lengths;
  for (const auto& life : all) lengths.push_back(life.to - life.from);
  std::sort(lengths.rbegin(), lengths.rend());
  const double least = lengths.size() > kMostLives ? lengths[kMostLives - 1] : 0;
  if (lengths.size() > kMostLives) {
    table.notes.push_back("The " + std::to_string(kMostLives) + " longest of " +
                          std::to_string(all.size()) + ".");
  }
  for (const auto& life : all) {
    if (life.to - life.from < least) continue;
    table.rows.push_back(
        {report::number(static_cast<double>(life.clusters), 0), exact(life.from, "%.4f"),
         exact(life.to, "%.4f"), exact(life.to - life.from, "%.4f"), exact(life.energy, "%.5f"),
         report::number(life.positive < 0 ? report::kAbsent : static_cast<double>(life.positive),
                        0),
         exact(life.positive < 0 ? report::kAbsent : life.log_gradient, "%.3f")});
  }
  return table;
}

double lifetime_slope(const std::vector<Outcome>& outcomes) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const auto& outcome : outcomes) {
    const auto* merge = outcome.last(Event::Kind::kMerge);
    if (merge == nullptr || merge->masses.size() != 1 || outcome.beta <= 0) continue;
    const double at = outcome.beta, value = merge->moment.log_t + std::log(at);
    n += 1;
    x += at;
    y += value;
    xx += at * at;
    xy += at * value;
  }
  if (n < 2) return std::numeric_limits<double>::quiet_NaN();
  return (n * xy - x * y) / (n * xx - x * x);
}

report::Table beta_table(const std::vector<Outcome>& outcomes) {
  report::Table table;
  table.columns = {{"beta", "β", ""},
                   {"log_t", "log t, last merge", ""},
                   {"predicted", "closed form", ""},
                   {"ratio", "t / closed form", ""},
                   {"clusters", "clusters at the end", ""},
                   {"arc", "arc / log β", ""},
                   {"theorem", "theorem's clock", ""},
                   {"steps", "steps", ""}};
  for (const auto& outcome : outcomes) {
    const auto* merge = outcome.last(Event::Kind::kMerge);
    const double log_t = merge ? merge->moment.log_t : report::kAbsent;
    const auto& events = outcome.trace.events;
    table.rows.push_back(
        {exact(outcome.beta, "%.6g"), exact(log_t, "%.6f"), exact(outcome.predicted, "%.6f"),
         exact(std::exp(log_t - outcome.predicted), "%.5f"),
         report::number(
             events.empty() ? report::kAbsent : static_cast<double>(events.back().masses.size()),
             0),
         exact(merge ? merge->moment.arc : report::kAbsent, "%.4f"),
         exact(merge ? merge->moment.theorem : report::kAbsent, "%.4f"),
         report::number(static_cast<double>(outcome.steps), 0)});
  }
  const double slope = lifetime_slope(outcomes);
  if (std::isfinite(slope)) {
    table.notes.push_back("Slope of log t + log β over β: " + formatted(slope, "%.5f") + ".");
  }
  return table;
}

}  // namespace regard::particles
