#include "regard/report/summary.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "regard/base/text.hpp"

namespace regard::report {
namespace {

constexpr double kMebi = 1024.0 * 1024.0;

std::string grouped(double value) {
  if (!std::isfinite(value)) return "–";
  auto digits = fixed(value, 0);
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ' ');
  }
  return digits;
}

Cell count_cell(double value) { return {grouped(value), value, kAbsent}; }

/// Two digits of the typical half width, so that a column shows neither noise nor "± 0.000".
int decimals_for(const std::vector<Interval>& column, double scale, int least) {
  std::vector<double> halves;
  for (const auto& i : column) {
    if (i.known() && i.half > 0) halves.push_back(i.half * scale);
  }
  if (halves.empty()) return least;
  std::nth_element(halves.begin(), halves.begin() + static_cast<long>(halves.size() / 2),
                   halves.end());
  const double typical = halves[halves.size() / 2];
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(typical))), least, 5);
}

/// Adds one cell to every row of the table.
class Builder {
 public:
  explicit Builder(const std::vector<Standing>& standings) : standings_(standings) {
    table.rows.resize(standings.size());
  }
  template <class CellOf>
  void column(Column head, const CellOf& cell_of) {
    table.columns.push_back(std::move(head));
    for (std::size_t r = 0; r < standings_.size(); ++r)
      table.rows[r].push_back(cell_of(standings_[r]));
  }
  void intervals(Column head, Interval Standing::*member, double scale, int least) {
    std::vector<Interval> all;
    for (const auto& s : standings_) all.push_back(s.*member);
    const int decimals = decimals_for(all, scale, least);
    column(std::move(head),
           [&](const Standing& s) { return interval(s.*member, decimals, scale); });
  }
  bool any(Interval Standing::*member) const {
    return std::any_of(standings_.begin(), standings_.end(),
                       [&](const Standing& s) { return std::isfinite((s.*member).centre); });
  }
  bool any(double Standing::*member) const {
    return std::any_of(standings_.begin(), standings_.end(),
                       [&](const Standing& s) { return std::isfinite(s.*member); });
  }
  Table table;

 private:
  const std::vector<Standing>& standings_;
};

std::string per_unit(const Comparison& comparison) {
  return comparison.unit == "character" ? "char" : comparison.unit;
}

void add_quality(Builder& builder, const Comparison& comparison) {
  const double bits = 1 / std::numbers::ln2;
  if (lower_is_better(comparison)) {
    builder.intervals({"valid_loss", "valid loss", "nats"}, &Standing::loss, 1, 3);
    const auto unit = per_unit(comparison);
    builder.intervals({"bits_per_" + unit, "bits/" + unit, ""}, &Standing::loss, bits, 3);
    if (builder.any(&Standing::test_loss)) {
      builder.intervals({"test_loss", "test loss", "nats"}, &Standing::test_loss, 1, 3);
    }
    return;
  }
  const auto& measure = comparison.measure.name;
  if (measure != "accuracy") {
    builder.intervals({"valid_" + measure, "valid " + measure, "%"}, &Standing::quality, 100, 2);
    if (builder.any(&Standing::test_quality)) {
      builder.intervals({"test_" + measure, "test " + measure, "%"}, &Standing::test_quality, 100,
                        2);
    }
  }
  builder.intervals({"valid_accuracy", "valid acc.", "%"}, &Standing::accuracy, 100, 2);
  if (builder.any(&Standing::test_accuracy)) {
    builder.intervals({"test_accuracy", "test acc.", "%"}, &Standing::test_accuracy, 100, 2);
  }
  builder.intervals({"valid_loss", "valid loss", "nats"}, &Standing::loss, 1, 3);
}

void add_difference(Builder& builder, const Comparison& comparison,
                    const std::vector<Standing>& all) {
  const double scale = lower_is_better(comparison) ? 1 : 100;
  std::vector<Interval> differences;
  std::string reference;
  for (const auto& s : all) {
    if (s.reference) {
      reference = s.phrase;
    } else {
      differences.push_back(s.to_reference.interval);
    }
  }
  const int decimals = decimals_for(differences, scale, lower_is_better(comparison) ? 3 : 2);
  builder.column({"difference", "to " + reference, lower_is_better(comparison) ? "nats" : "points"},
                 [&](const Standing& s) {
                   if (s.reference) return number(kAbsent, 0);
                   auto cell = interval(s.to_reference.interval, decimals, scale);
                   if (cell.value > 0) cell.text = "+" + cell.text;
                   return cell;
                 });
  builder.column({"verdict", "verdict", "", Align::kLeft}, [&](const Standing& s) {
    return word(s.reference ? "reference" : judged(comparison, s.to_reference.verdict));
  });
}

void add_edges(Builder& builder) {
  if (builder.any(&Standing::edges_per_query)) {
    builder.intervals({"edges_per_query", "edges/query", ""}, &Standing::edges_per_query, 1, 1);
  }
  if (builder.any(&Standing::edge_recall)) {
    builder.intervals({"edge_recall", "edge recall", "%"}, &Standing::edge_recall, 100, 1);
  }
  if (builder.any(&Standing::predictor_share)) {
    builder.intervals({"predictor_share", "predictor", "% of a step"}, &Standing::predictor_share,
                      100, 0);
  }
}

void add_costs(Builder& builder) {
  builder.column({"parameters", "parameters", ""},
                 [](const Standing& s) { return count_cell(s.parameters); });
  if (builder.any(&Standing::attention_parameters)) {
    builder.column({"attention_parameters", "of attention", ""},
                   [](const Standing& s) { return count_cell(s.attention_parameters); });
  }
  if (builder.any(&Standing::cache_bytes)) {
    builder.column({"cache_bytes", "cache", "B/token"},
                   [](const Standing& s) { return count_cell(s.cache_bytes); });
  }
  builder.column({"tokens_per_second", "tokens/s", ""},
                 [](const Standing& s) { return count_cell(s.tokens_per_second.centre); });
  builder.column({"seconds", "time", ""}, [](const Standing& s) {
    const double v = s.seconds.centre;
    return std::isfinite(v) ? Cell{human_seconds(v), v, kAbsent} : number(kAbsent, 0);
  });
  builder.column({"peak_memory_bytes", "peak memory", "MiB"}, [](const Standing& s) {
    auto cell = count_cell(s.peak_memory_bytes.centre / kMebi);
    cell.value = s.peak_memory_bytes.centre;
    return cell;
  });
}

/// Phrases with a run that got stuck: what their row says is about the training and not about the
/// attention.
std::vector<std::string> stuck(const Comparison& comparison) {
  std::vector<std::string> sentences;
  for (const auto& phrase : phrases(comparison)) {
    int64_t same = 0, all = 0;
    for (const auto& run : comparison.runs) {
      if (run.phrase != phrase || !run.finished) continue;
      ++all;
      same += run.note == kSameAnswer ? 1 : 0;
    }
    if (same == 0) continue;
    sentences.push_back("NOT TRAINED: " + std::to_string(same) + " of " + std::to_string(all) +
                        (all == 1 ? " run of `" : " runs of `") + phrase +
                        "` gave the same answer to every example; a lower train.lr or a longer "
                        "train.warmup may mend it.");
  }
  return sentences;
}

std::vector<std::string> notes(const std::vector<Standing>& all) {
  const bool intervals =
      std::any_of(all.begin(), all.end(), [](const Standing& s) { return s.quality.known(); });
  std::vector<std::string> notes;
  if (intervals)
    notes.push_back("a ± b: mean over seeds and half of its 95 % interval (Student's t).");
  if (all.size() < 2) return notes;
  notes.push_back(
      "Differences are paired over common seeds; where the 95 % interval holds 0, two phrases "
      "cannot be told "
      "apart. Each interval stands for itself: with many phrases, one in twenty misses by chance.");
  return notes;
}

}  // namespace

std::string judged(const Comparison& comparison, Verdict verdict) {
  const bool lower = lower_is_better(comparison);
  if (verdict == Verdict::kLower) return lower ? "better" : "worse";
  if (verdict == Verdict::kHigher) return lower ? "worse" : "better";
  return to_text(verdict);
}

Table summary(const Comparison& comparison) {
  const auto all = standings(comparison);
  Builder builder(all);
  builder.column({"phrase", "attention", "", Align::kLeft},
                 [](const Standing& s) { return word(s.phrase); });
  builder.column({"seeds", "seeds", ""}, [](const Standing& s) {
    if (s.phrase == kBagOfWords) return number(kAbsent, 0);
    auto cell = number(static_cast<double>(s.finished), 0);
    if (s.finished < s.started) cell.text += " of " + std::to_string(s.started);
    return cell;
  });
  add_quality(builder, comparison);
  if (all.size() > 1) add_difference(builder, comparison, all);
  add_edges(builder);
  add_costs(builder);
  builder.table.notes = stuck(comparison);
  for (auto& note : notes(all)) builder.table.notes.push_back(std::move(note));
  return std::move(builder.table);
}

Table every_run(const Comparison& comparison) {
  Table table;
  table.columns = {{"phrase", "attention", "", Align::kLeft},
                   {"seed", "seed", ""},
                   {"valid_loss", "valid loss", "nats"}};
  const bool classes = comparison.measure.percent;
  const auto& measure = comparison.measure.name;
  const bool other = classes && measure != "accuracy";
  const bool test = std::any_of(comparison.runs.begin(), comparison.runs.end(),
                                [](const Run& r) { return std::isfinite(r.test_loss); });
  if (other) table.columns.push_back({"valid_" + measure, "valid " + measure, "%"});
  if (classes) table.columns.push_back({"valid_accuracy", "valid acc.", "%"});
  if (test) table.columns.push_back({"test_loss", "test loss", "nats"});
  if (test && classes) table.columns.push_back({"test_accuracy", "test acc.", "%"});
  for (const Column& column :
       {Column{"parameters", "parameters", ""}, Column{"seconds", "time", "s"},
        Column{"tokens_per_second", "tokens/s", ""},
        Column{"peak_memory_bytes", "peak memory", "MiB"},
        Column{"state", "state", "", Align::kLeft}}) {
    table.columns.push_back(column);
  }
  for (const auto& run : comparison.runs) {
    std::vector<Cell> row = {word(run.phrase),
                             number(run.any_seed ? kAbsent : static_cast<double>(run.seed), 0),
                             number(run.loss, 4)};
    if (other) row.push_back(number(100 * quality(comparison, run), 2));
    if (classes) row.push_back(number(100 * run.accuracy, 2));
    if (test) row.push_back(number(run.test_loss, 4));
    if (test && classes) row.push_back(number(100 * run.test_accuracy, 2));
    row.push_back(count_cell(run.parameters));
    row.push_back(number(run.seconds, 1));
    row.push_back(count_cell(run.tokens_per_second));
    row.push_back(count_cell(run.peak_memory_bytes / kMebi));
    row.back().value = run.peak_memory_bytes;
    std::string state = run.finished ? "finished" : "not finished";
    if (!run.note.empty()) state += ": " + run.note;
    row.push_back(word(state));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace regard::report
