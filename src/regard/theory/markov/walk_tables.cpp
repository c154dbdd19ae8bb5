// Words, tables and JSON of an ensemble of walks.
#include <algorithm>
#include <cmath>

#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/theory/markov/walk_report.hpp"

namespace regard::markov {
namespace {

struct Winner {
  int64_t outcome;
  const WinnerSums* sums;
};

/// The most frequent first.
std::vector<Winner> ranked(const WalkResult& result) {
  std::vector<Winner> all;
  for (const auto& [outcome, sums] : result.ensemble.winners) all.push_back({outcome, &sums});
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.sums->runs > b.sums->runs; });
  return all;
}

/// The stable end in which `outcome` has the largest share, or null.
const Equilibrium* end_of(const WalkResult& result, int64_t outcome) {
  for (const auto& end : result.ends) {
    const auto most = std::max_element(end.m.begin(), end.m.end()) - end.m.begin();
    if (most == outcome) return &end;
  }
  return nullptr;
}

struct Slope {
  double mean, error;
};
Slope slope(const WinnerSums& sums, std::size_t i) {
  const auto n = static_cast<double>(sums.runs);
  const double mean = sums.slope[i] / n;
  const double variance = std::max(0.0, sums.slope_squared[i] / n - mean * mean);
  return {mean, n > 1 ? std::sqrt(variance / (n - 1)) : report::kAbsent};
}

std::string percent(double share) { return report::fixed(100 * share, 1) + " %"; }

std::string ends_text(const WalkResult& result, const Equilibrium& end) {
  std::vector<std::string> parts;
  for (const auto i : end.support) {
    const auto label = result.chain.label(i);
    parts.push_back(end.support.size() == 1
                        ? label
                        : label + " (" + report::fixed(end.m[static_cast<std::size_t>(i)], 4) +
                              ")");
  }
  return join(parts, " + ");
}

std::string collapse_text(const WalkResult& result) {
  const auto& rules = result.spec.rules;
  if (rules.reach() > 0) {
    const auto& e = result.ensemble;
    if (e.fixed == 0) return " No walk's window has come to one token alone.";
    const double mean = e.fixation / static_cast<double>(e.fixed);
    return " The window came to one token alone in " + std::to_string(e.fixed) + " of " +
           std::to_string(e.done) + " walks, after " + report::fixed(mean, 0) +
           " tokens in the mean.";
  }
  if (rules.alpha() < 1)
    return " Counts enter with the power " + shortest(std::round(1e4 * rules.alpha()) / 1e4) +
           " < 1, so walks do not collapse.";
  if (rules.alpha() > 1)
    return " Counts enter with the power " + shortest(std::round(1e4 * rules.alpha()) / 1e4) +
           " > 1, so losers are drawn finitely often.";
  if (result.ends.empty()) return "";
  std::vector<std::string> names;
  for (const auto& end : result.ends) names.push_back(ends_text(result, end));
  constexpr std::size_t kMost = 8;
  const auto more = names.size() > kMost ? names.size() - kMost : 0;
  names.resize(names.size() - more);
  return " Stable by theory: " + join(names, ", ") +
         (more > 0 ? " and " + std::to_string(more) + " more" : "") + ".";
}

}  // namespace

std::string sentence(const WalkResult& result) {
  const auto& e = result.ensemble;
  const auto best = ranked(result).front();
  const auto share = wilson(best.sums->runs, e.done);
  return "Token " + result.chain.label(best.outcome) + " leads in " + percent(share.centre) +
         " of " + std::to_string(e.done) + " walks after " + std::to_string(e.times.back()) +
         " tokens (95 % interval " + percent(share.low) + " to " + percent(share.high) + ")." +
         collapse_text(result);
}

report::Table winner_table(const WalkResult& result) {
  report::Table table;
  table.columns = {{"winner", "winner", "", report::Align::kLeft},
                   {"walks", "walks", ""},
                   {"share", "share", ""},
                   {"low", "95 % from", ""},
                   {"high", "to", ""},
                   {"mean", "its m at the end", ""},
                   {"stable", "stable by theory", "", report::Align::kLeft}};
  const auto& e = result.ensemble;
  const auto last = e.times.size() - 1;
  for (const auto& [outcome, sums] : ranked(result)) {
    const auto share = wilson(sums->runs, e.done);
    const auto place =
        last * static_cast<std::size_t>(e.outcomes) + static_cast<std::size_t>(outcome);
    const auto* end = end_of(result, outcome);
    table.rows.push_back({report::word(result.chain.label(outcome)),
                          report::number(static_cast<double>(sums->runs), 0),
                          report::number(share.centre, 4), report::number(share.low, 4),
                          report::number(share.high, 4),
                          report::number(sums->mass[place] / static_cast<double>(sums->runs), 6),
                          report::word(result.ends.empty()        ? "–"
                                       : end == nullptr           ? "no"
                                       : end->support.size() == 1 ? "yes, alone"
                                                                  : ends_text(result, *end))});
  }
  return table;
}

report::Table slope_table(const WalkResult& result) {
  report::Table table;
  if (result.spec.rules.reach() > 0 || result.spec.rules.alpha() != 1) return table;
  table.columns = {{"winner", "winner", "", report::Align::kLeft},
                   {"loser", "loser", "", report::Align::kLeft},
                   {"measured", "slope of log N", ""},
                   {"error", "standard error", ""},
                   {"predicted", "λ predicted", ""}};
  constexpr std::size_t kMostRows = 60;
  for (const auto& [outcome, sums] : ranked(result)) {
    const auto* end = end_of(result, outcome);
    for (int64_t i = 0; i < result.ensemble.outcomes; ++i) {
      if (i == outcome || table.rows.size() >= kMostRows) continue;
      const auto at = static_cast<std::size_t>(i);
      const auto [mean, error] = slope(*sums, at);
      table.rows.push_back({report::word(result.chain.label(outcome)),
                            report::word(result.chain.label(i)), report::number(mean, 4),
                            report::number(error, 4),
                            report::number(end == nullptr ? report::kAbsent : end->lambda[at], 4)});
    }
  }
  table.notes = {
      "Slopes of log N against log t over the last two decades; at finite t they lie above λ."};
  return table;
}

Json to_json(const WalkResult& result) {
  const auto& e = result.ensemble;
  Json winners = Json::array(), ends = Json::array(), mean = Json::array(), error = Json::array();
  const bool slopes = result.spec.rules.reach() == 0 && result.spec.rules.alpha() == 1;
  for (const auto& [outcome, sums] : ranked(result)) {
    const auto share = wilson(sums->runs, e.done);
    Json one = {{"token", result.chain.label(outcome)},
                {"walks", sums->runs},
                {"share", share.centre},
                {"low", share.low},
                {"high", share.high}};
    const auto* end = end_of(result, outcome);
    for (int64_t i = 0; slopes && i < e.outcomes; ++i) {
      if (i == outcome) continue;
      const auto at = static_cast<std::size_t>(i);
      one["losers"].push_back({{"token", result.chain.label(i)},
                               {"slope", slope(*sums, at).mean},
                               {"error", finite_or_null(slope(*sums, at).error)},
                               {"lambda", end == nullptr ? Json(nullptr) : Json(end->lambda[at])}});
    }
    winners.push_back(one);
  }
  for (const auto& end : result.ends) {
    Json one = {{"tokens", Json::array()}, {"m", Json::array()}, {"starts", end.starts}};
    for (const auto i : end.support) {
      one["tokens"].push_back(result.chain.label(i));
      one["m"].push_back(end.m[static_cast<std::size_t>(i)]);
    }
    ends.push_back(one);
  }
  for (std::size_t s = 0; s < e.times.size(); ++s) {
    Json m = Json::array(), half = Json::array();
    for (int64_t i = 0; i < e.outcomes; ++i) {
      m.push_back(e.mean(s, i));
      half.push_back(e.mean_error(s, i));
    }
    mean.push_back(m);
    error.push_back(half);
  }
  Json json = {{"sentence", sentence(result)},
               {"sampler", result.sampler},
               {"tokens", result.chain.labels},
               {"runs", e.done},
               {"until", e.times.back()},
               {"winners", winners},
               {"stable", ends},
               {"times", e.times},
               {"mean", mean},
               {"mean_error", error}};
  if (result.spec.rules.reach() > 0) {
    const auto n = static_cast<double>(e.fixed);
    const double m = e.fixation / n;
    json["fixed"] = e.fixed;
    json["fixation_mean"] = finite_or_null(m);
    json["fixation_error"] =
        finite_or_null(std::sqrt(std::max(0.0, e.fixation_squared / n - m * m) / n));
  }
  return json;
}

std::string means_csv(const WalkResult& result) {
  const auto& e = result.ensemble;
  std::string csv = "t,token,mean,standard_error\n";
  for (std::size_t s = 0; s < e.times.size(); ++s) {
    for (int64_t i = 0; i < e.outcomes; ++i) {
      csv += std::to_string(e.times[s]) + "," + report::csv_field(result.chain.label(i)) + "," +
             shortest(e.mean(s, i)) + "," + shortest(e.mean_error(s, i)) + "\n";
    }
  }
  return csv;
}

namespace {

/// Which ratios an endless walk with that end would teach, for few tokens.
report::Table learnability_table(const WalkResult& result, const Equilibrium& end) {
  report::Table table;
  constexpr int64_t kMost = 12;
  const auto n = std::min(result.chain.tokens, kMost);
  table.columns = {{"after", "law after", "", report::Align::kLeft}};
  for (int64_t i = 0; i < n; ++i)
    table.columns.push_back({"token" + std::to_string(i), result.chain.label(i), ""});
  for (int64_t k = 0; k < n; ++k) {
    std::vector<report::Cell> row = {report::word(result.chain.label(k))};
    for (int64_t i = 0; i < n; ++i) {
      if (end.support.size() == 1 && end.support[0] == i) {
        row.push_back(report::word("winner"));
        continue;
      }
      const auto [yes, exponent] = learnable(end, i, k);
      const auto text = (yes ? "✓ " : "✗ ") + report::fixed(exponent, 2);
      row.push_back({text, exponent, report::kAbsent});
    }
    table.rows.push_back(row);
  }
  table.notes = {
      "✓: an endless walk teaches this token's ratio to the winner, with information growing as t "
      "to "
      "the power λ_k + λ_i − 1; ✗: the information stays finite."};
  if (n < result.chain.tokens) table.notes.push_back("The first 12 tokens.");
  return table;
}

std::string scope(const WalkResult& result) {
  const auto& rules = result.spec.rules;
  std::string text = std::to_string(result.chain.tokens) + " tokens · " +
                     std::to_string(result.ensemble.done) + " walks of " +
                     std::to_string(result.ensemble.times.back()) + " tokens · sampler " +
                     result.sampler;
  if (rules.window > 0) text += " · window " + std::to_string(rules.window);
  if (rules.attention_temperature != 1)
    text += " · attention temperature " + shortest(rules.attention_temperature);
  if (rules.temperature != 1) text += " · temperature " + shortest(rules.temperature);
  if (rules.penalty != 0) text += " · count penalty " + shortest(rules.penalty);
  return text;
}

}  // namespace

report::Document page(const WalkResult& result, const Environment& environment) {
  report::Document document;
  document.kicker = "Regard · self-attention as a Markov chain";
  document.title = "Walks of the chain that its own tokens reweight";
  document.scope = scope(result);
  document.sentence = sentence(result);
  report::Block first;
  first.heading = "Who wins, and how the others decay";
  first.figures = {decay_figure(result), simplex_figure(result)};
  first.table = winner_table(result);
  document.blocks = {first};
  report::Block slopes;
  slopes.heading = "Slopes";
  slopes.table = slope_table(result);
  if (!slopes.table.rows.empty()) document.blocks.push_back(slopes);
  if (const auto* end = end_of(result, ranked(result).front().outcome)) {
    report::Block taught;
    taught.heading = "What one endless walk would teach";
    taught.lead = "The most frequent end, " + ends_text(result, *end) + ".";
    taught.table = learnability_table(result, *end);
    document.blocks.push_back(taught);
  }
  document.environment = environment;
  return document;
}

}  // namespace regard::markov
