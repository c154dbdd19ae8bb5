#include "regard/report/comparison.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/text.hpp"

namespace regard::report {
namespace {

Interval over_runs(const std::vector<const Run*>& runs, double Run::*member) {
  std::vector<double> values;
  for (const auto* run : runs) values.push_back(run->*member);
  return mean_interval(values);
}

}  // namespace

void add_line(Comparison& comparison, Run run) {
  Point last{.step = 0, .seconds = 0};
  for (const auto& other : comparison.runs) {
    if (other.curve.empty()) continue;
    last.step = std::max(last.step, other.curve.back().step);
    last.seconds = std::max(last.seconds, other.curve.back().seconds);
  }
  last.valid_loss = run.loss;
  last.valid_accuracy = run.accuracy;
  auto first = last;
  first.step = first.seconds = 0;
  run.curve = {first, last};
  comparison.runs.push_back(std::move(run));
}

namespace {

BySeed quality_by_seed(const Comparison& comparison, const std::string& phrase) {
  BySeed values;
  for (const auto& run : comparison.runs) {
    if (run.phrase != phrase || !run.finished) continue;
    values[run.seed] = quality(comparison, run);
    if (!run.any_seed) continue;
    values.clear();
    for (const auto& other : comparison.runs) values[other.seed] = quality(comparison, run);
  }
  return values;
}

double measured(const Comparison& comparison, double loss, double accuracy,
                const std::map<std::string, double>& others) {
  const auto& name = comparison.measure.name;
  if (name == "loss") return loss;
  if (name == "accuracy") return accuracy;
  const auto found = others.find(name);
  return found == others.end() ? kAbsent : found->second;
}

Standing standing(const Comparison& comparison, const std::string& phrase) {
  Standing s;
  s.phrase = phrase;
  std::vector<const Run*> runs;
  for (const auto& run : comparison.runs) {
    if (run.phrase != phrase) continue;
    ++s.started;
    if (run.finished) runs.push_back(&run);
    if (std::isfinite(run.parameters)) s.parameters = run.parameters;
    if (std::isfinite(run.attention_parameters)) s.attention_parameters = run.attention_parameters;
    if (std::isfinite(run.cache_bytes)) s.cache_bytes = run.cache_bytes;
  }
  s.finished = static_cast<int64_t>(runs.size());
  s.loss = over_runs(runs, &Run::loss);
  s.accuracy = over_runs(runs, &Run::accuracy);
  s.test_loss = over_runs(runs, &Run::test_loss);
  s.test_accuracy = over_runs(runs, &Run::test_accuracy);
  s.seconds = over_runs(runs, &Run::seconds);
  s.tokens_per_second = over_runs(runs, &Run::tokens_per_second);
  s.peak_memory_bytes = over_runs(runs, &Run::peak_memory_bytes);
  s.edges_per_query = over_runs(runs, &Run::edges_per_query);
  s.edge_recall = over_runs(runs, &Run::edge_recall);
  s.predictor_share = over_runs(runs, &Run::predictor_share);
  std::vector<double> valid, test;
  for (const auto* run : runs) {
    valid.push_back(quality(comparison, *run));
    test.push_back(test_quality(comparison, *run));
  }
  s.quality = mean_interval(valid);
  s.test_quality = mean_interval(test);
  return s;
}

}  // namespace

bool lower_is_better(const Comparison& comparison) { return !comparison.measure.higher_is_better; }

double quality(const Comparison& comparison, const Run& run) {
  return measured(comparison, run.loss, run.accuracy, run.scores);
}

double test_quality(const Comparison& comparison, const Run& run) {
  return measured(comparison, run.test_loss, run.test_accuracy, run.test_scores);
}

std::vector<std::string> phrases(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const auto& run : comparison.runs) {
    if (std::find(names.begin(), names.end(), run.phrase) == names.end())
      names.push_back(run.phrase);
  }
  return names;
}

Difference difference(const Comparison& comparison, const std::string& a, const std::string& b) {
  return paired_difference(quality_by_seed(comparison, a), quality_by_seed(comparison, b));
}

std::vector<Standing> standings(const Comparison& comparison) {
  const auto names = phrases(comparison);
  std::vector<Standing> all;
  for (const auto& name : names) {
    all.push_back(standing(comparison, name));
    all.back().reference = name == names.front();
    if (!all.back().reference)
      all.back().to_reference = difference(comparison, name, names.front());
  }
  const double sign = lower_is_better(comparison) ? 1 : -1;
  std::stable_sort(all.begin(), all.end(), [&](const Standing& a, const Standing& b) {
    const bool a_known = std::isfinite(a.quality.centre), b_known = std::isfinite(b.quality.centre);
    if (!a_known || !b_known) return a_known && !b_known;
    return sign * a.quality.centre < sign * b.quality.centre;
  });
  return all;
}

bool is_control(const std::string& phrase) {
  if (phrase == kBagOfWords) return true;
  for (const auto& term : split_outside_brackets(phrase, '+')) {
    const auto name = trim(term.substr(0, term.find('(')));
    if (name == "off" || name == "mean") return true;
  }
  return false;
}

}  // namespace regard::report
