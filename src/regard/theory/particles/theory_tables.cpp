// Tables of the theorem and of the waves.
#include <cmath>
#include <cstdio>

#include "regard/base/text.hpp"
#include "regard/theory/particles/closed_form.hpp"
#include "regard/theory/particles/modes.hpp"
#include "regard/theory/particles/report.hpp"

namespace regard::particles {
namespace {

report::Cell real(double value, const char* format) {
  if (!std::isfinite(value)) return report::word("–");
  return {formatted(value, format), value, report::kAbsent};
}

}  // namespace

report::Table theorem_table(const std::vector<Outcome>& outcomes) {
  report::Table table;
  table.columns = {{"beta", "β", ""},
                   {"covered", "covered", "", report::Align::kLeft},
                   {"caps", "caps", ""},
                   {"epsilon", "ε", ""},
                   {"angle", "least angle", "rad"},
                   {"alpha", "α", ""},
                   {"gamma", "γ", ""},
                   {"lambda_one", "log λ (i)", ""},
                   {"lambda_two", "λ (ii)", ""},
                   {"t1", "log T1 ≤", ""},
                   {"narrow", "narrow from", "log t"},
                   {"t2", "log T2 ≥", ""},
                   {"left", "caps left at", "log t"},
                   {"violations", "violations", ""}};
  for (const auto& outcome : outcomes) {
    const auto& s = outcome.theorem.separation;
    const auto& b = s.bounds;
    const double none = report::kAbsent;
    table.rows.push_back(
        {real(outcome.beta, "%.6g"),
         report::word(b.holds        ? "yes"
                      : b.gamma <= 0 ? "no, γ ≤ 0"
                                     : "no"),
         report::number(static_cast<double>(s.caps), 0), real(s.epsilon, "%.3g"),
         real(s.psi, "%.4f"), real(b.alpha, "%.4f"), real(b.gamma, "%.3f"),
         real(b.log_lambda_one, "%.4g"), real(b.lambda_two, "%.3f"),
         real(b.holds ? b.log_t1 : none, "%.4f"), real(outcome.theorem.narrow, "%.4f"),
         real(b.holds ? b.log_t2 : none, "%.4f"), real(outcome.theorem.left, "%.4f"),
         report::number(static_cast<double>(outcome.theorem.violations), 0)});
  }
  table.notes = {
      "ε is the one with the largest γ for the partition by single linkage that has the largest; λ "
      "is 0.99 of the smaller bound. (i) with its sign corrected (docs/particles.md).",
      "Narrow from: every cap has |x - y|² ≤ 2 exp(-λβ) from then on. Caps left: a particle was "
      "first outside its cap S(2ε). The theorem promises the first before T1 and the second after "
      "T2."};
  return table;
}

report::Table modes_table(const std::vector<Outcome>& outcomes) {
  report::Table table;
  table.columns = {{"beta", "β", ""},
                   {"wave", "fastest wave", ""},
                   {"root", "√(2β)", ""},
                   {"rate", "growth rate", ""},
                   {"measured", "measured", ""},
                   {"clusters", "clusters at the end", ""}};
  for (const auto& outcome : outcomes) {
    const auto k = fastest_wave(outcome.model);
    const auto& events = outcome.trace.events;
    const auto found =
        events.empty() ? report::kAbsent : static_cast<double>(events.back().masses.size());
    table.rows.push_back(
        {real(outcome.beta, "%.6g"), report::number(static_cast<double>(k), 0),
         real(std::sqrt(2 * outcome.beta), "%.3f"), real(growth_rate(outcome.model, k), "%.6f"),
         real(measured_growth(outcome.model, k, 32 * k + 64), "%.6f"), report::number(found, 0)});
  }
  return table;
}

}  // namespace regard::particles
