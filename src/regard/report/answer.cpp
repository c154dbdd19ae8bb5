// The sentence at the head of a report, and the remarks below it.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "regard/base/text.hpp"
#include "regard/report/summary.hpp"

namespace regard::report {
namespace {

std::string code(const std::string& text) { return "`" + text + "`"; }

/// "1.804 ± 0.012 nats (2.603 bits per character)" or "86.4 ± 0.3 %".
std::string quality_text(const Comparison& comparison, const Interval& value) {
  if (comparison.measure.percent) return interval(value, 1, 100).text + " %";
  return interval(value, 3).text + " nats (" + fixed(value.centre / std::numbers::ln2, 3) +
         " bits per " + comparison.unit + ")";
}

std::string amount(const Comparison& comparison, double difference) {
  if (comparison.measure.percent) {
    return fixed(100 * std::abs(difference), 1) + " points";
  }
  return fixed(std::abs(difference), 3) + " nats";
}

std::string measure(const Comparison& comparison) {
  return "validation " + comparison.measure.name;
}

std::string seeds_text(int64_t n) { return std::to_string(n) + (n == 1 ? " seed" : " seeds"); }

/// How the best compares with `other`, as the end of a sentence.
std::string margin(const Comparison& comparison, const Standing& best, const Standing& other) {
  const auto d = difference(comparison, best.phrase, other.phrase);
  const double gap = std::isfinite(d.interval.centre) ? d.interval.centre
                                                      : best.quality.centre - other.quality.centre;
  if (d.verdict == Verdict::kUndecided) {
    return "it cannot be told apart from " + code(other.phrase) + " (a difference of " +
           amount(comparison, gap) + ", within chance over " + seeds_text(d.interval.n) + ")";
  }
  if (d.verdict == Verdict::kTooFewSeeds) {
    return amount(comparison, gap) + " ahead of " + code(other.phrase) +
           ", which fewer than two common seeds cannot tell from chance";
  }
  return amount(comparison, gap) + " ahead of " + code(other.phrase) +
         " and told apart from it over " + seeds_text(d.interval.n);
}

std::string one_phrase(const Comparison& comparison, const Standing& only) {
  std::string text = code(only.phrase) + " reaches a " + measure(comparison) + " of " +
                     quality_text(comparison, only.quality);
  if (std::isfinite(only.seconds.centre)) text += " in " + human_seconds(only.seconds.centre);
  return text + ".";
}

/// What the controls `off` and `mean` say about the best phrase.
void remark_on_controls(const Comparison& comparison, const std::vector<Standing>& all,
                        std::vector<std::string>& remarks) {
  const auto& best = all.front();
  if (is_control(best.phrase)) {
    remarks.push_back("The best phrase is the control " + code(best.phrase) +
                      ": here no attention gains anything over it.");
    return;
  }
  std::vector<std::string> beaten;
  for (const auto& s : all) {
    if (!is_control(s.phrase) || s.finished == 0) continue;
    const auto d = difference(comparison, best.phrase, s.phrase);
    if (d.verdict == Verdict::kUndecided) {
      remarks.push_back(
          "Nothing shows that attention helps: the best phrase cannot be told apart from "
          "the control " +
          code(s.phrase) + ".");
    } else if (d.verdict != Verdict::kTooFewSeeds) {
      beaten.push_back(code(s.phrase) + " by " + amount(comparison, d.interval.centre));
    }
  }
  if (!beaten.empty()) remarks.push_back("It beats the control " + join(beaten, " and ") + ".");
}

void remark_on_ties(const Comparison& comparison, const std::vector<Standing>& all,
                    std::vector<std::string>& remarks) {
  std::vector<std::string> tied;
  for (std::size_t i = 2; i < all.size(); ++i) {
    const auto d = difference(comparison, all.front().phrase, all[i].phrase);
    if (d.verdict == Verdict::kUndecided) tied.push_back(code(all[i].phrase));
  }
  if (!tied.empty()) {
    remarks.push_back("Over these seeds " + join(tied, ", ") +
                      " cannot be told apart from the best either.");
  }
}

void remark_on_runs(const Comparison& comparison, std::vector<std::string>& remarks) {
  std::vector<std::string> missing;
  for (const auto& run : comparison.runs) {
    if (run.finished) continue;
    auto text = code(run.phrase) + " seed " + std::to_string(run.seed);
    if (!run.note.empty()) text += " (" + run.note + ")";
    missing.push_back(text);
  }
  if (missing.empty()) return;
  const auto total = comparison.runs.size();
  const auto shown = std::min<std::size_t>(missing.size(), 4);
  auto list = join({missing.begin(), missing.begin() + static_cast<long>(shown)}, ", ");
  if (shown < missing.size()) list += " and " + std::to_string(missing.size() - shown) + " more";
  remarks.push_back(std::to_string(missing.size()) + " of " + std::to_string(total) +
                    " runs did not finish and count in no mean: " + list + ".");
}

std::string signed_points(double difference) {
  const auto text = fixed(100 * difference, 1);
  return difference > 0 && text != "0.0" ? "+" + text : text;
}

/// "-1.2 points (95 % interval -2.1 to -0.3 over 872 test examples, 3 seeds pooled)".
std::string gap_text(const AgainstWords& gap) {
  const auto& d = gap.difference;
  return signed_points(d.centre) + " points (95 % interval " + signed_points(d.low) + " to " +
         signed_points(d.high) + " over " + std::to_string(gap.examples) + " " + gap.part +
         " examples, " + seeds_text(gap.seeds) + (gap.seeds > 1 ? " pooled" : "") + ")";
}

/// The attentions' own standing against the bag of words: a first sentence where none beats it,
/// else a remark.
void tell_bag_of_words(const Comparison& comparison, const std::vector<Standing>& all,
                       Answer& result) {
  const AgainstWords* nearest = nullptr;
  std::vector<std::string> above;
  for (const auto& s : all) {
    for (const auto& gap : comparison.against_words) {
      if (gap.phrase != s.phrase || is_control(s.phrase)) continue;
      if (gap.difference.low > 0) above.push_back(code(s.phrase) + " by " + gap_text(gap));
      if (nearest == nullptr || gap.difference.centre > nearest->difference.centre) nearest = &gap;
    }
  }
  if (nearest == nullptr) return;
  if (!above.empty()) {
    result.remarks.push_back("The bag of words is beaten by " + join(above, ", ") + ".");
    return;
  }
  const bool worse = nearest->difference.high < 0;
  result.sentence = "No attention beats the bag of words: the nearest, " + code(nearest->phrase) +
                    ", " + (worse ? "is worse than it: " : "cannot be told apart from it: ") +
                    gap_text(*nearest) + ". " + result.sentence;
}

}  // namespace

Answer answer(const Comparison& comparison) {
  Answer result;
  auto all = standings(comparison);
  std::erase_if(all, [](const Standing& s) { return s.phrase == kBagOfWords; });
  if (all.empty() || !std::isfinite(all.front().quality.centre)) {
    result.sentence = all.empty() ? "There are no runs yet." : "No run has finished yet.";
    remark_on_runs(comparison, result.remarks);
    return result;
  }
  const auto& best = all.front();
  if (all.size() == 1) {
    result.sentence = one_phrase(comparison, best);
  } else {
    result.sentence = code(best.phrase) + " has the " +
                      (lower_is_better(comparison) ? "lowest " : "highest ") + measure(comparison) +
                      ", " + quality_text(comparison, best.quality);
    const bool second = std::isfinite(all[1].quality.centre);
    result.sentence += second ? "; " + margin(comparison, best, all[1]) + "." : ".";
    remark_on_controls(comparison, all, result.remarks);
    remark_on_ties(comparison, all, result.remarks);
  }
  if (std::isfinite(best.test_quality.centre)) {
    result.remarks.push_back("On the test part, looked at once, " + code(best.phrase) +
                             " reaches " + quality_text(comparison, best.test_quality) + ".");
  }
  tell_bag_of_words(comparison, all, result);
  if (best.finished == 1 && all.size() > 1) {
    result.remarks.push_back("One seed says nothing about chance; `--seeds 3` gives intervals.");
  }
  remark_on_runs(comparison, result.remarks);
  return result;
}

}  // namespace regard::report
