// The exponent of counts in log-probabilities of any model, by least squares with the last token
// fixed.
//
//   log P_s(i) = a_{k(s), i} + alpha log(N_{s,i} + epsilon) + b_s
//
// s: a context, k(s): its last token, i: a token, N: counts of the window.
// For the power chain this holds exactly. a and b go by taking means over contexts with one last
// token and over tokens.
#pragma once

#include <cstdint>
#include <vector>

namespace regard::markov {

/// One context: what came last, the counts of its window, and a model's log-probabilities.
struct LogRow {
  int32_t last = 0;
  std::vector<int32_t> counts;  // (K)
  std::vector<double> log_p;    // (K)
};

struct Exponent {
  double alpha = 0,
         error = 0;      // error: by contexts (their residuals need not be independent within)
  double epsilon = 1;    // of those tried, the one with the least residual
  double explained = 0;  // share of the variance within contexts of one last token
  int64_t contexts = 0;  // with a partner of the same last token
};
Exponent exponent_of(const std::vector<LogRow>& rows, const std::vector<double>& epsilons);

}  // namespace regard::markov
