// When a text begins to repeat itself, and the loop in which it ends.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace regard::markov {

/// Tokens over which the spread of a text is looked at.
inline constexpr int64_t kSpreadWindow = 64;
/// Repetition begins where N_eff of the last 64 tokens falls below this share of what the text has.
inline constexpr double kOnsetShare = 0.5;

/// The first number of tokens at which N_eff = exp H of the last `kSpreadWindow` is below `least`;
/// -1: never.
int64_t onset(std::span<const int32_t> ids, int64_t outcomes, double least);

/// N_eff of the last `kSpreadWindow` tokens after each token, from the first full window on.
std::vector<double> spread(std::span<const int32_t> ids, int64_t outcomes);

/// The shortest period of the end of a text that goes on for at least three turns and 12 tokens.
struct Loop {
  std::vector<int32_t> tokens;  // one turn; empty: no loop
  int64_t length = 0;           // tokens at the end that it explains
};
Loop loop_at_end(std::span<const int32_t> ids);

/// Many texts of one source.
struct Repetition {
  int64_t texts = 0, repeating = 0;  // with an onset
  double median =
      -1;  // of the onsets, texts without one counted as later than all; -1: half have none
  double spread_at_end = 0;    // mean N_eff of the last window
  std::vector<double> spread;  // mean N_eff along the texts
};
Repetition repetition(const std::vector<std::vector<int32_t>>& texts, int64_t outcomes,
                      double least);

}  // namespace regard::markov
