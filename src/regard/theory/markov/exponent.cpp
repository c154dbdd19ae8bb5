#include "regard/theory/markov/exponent.hpp"

#include <cmath>
#include <map>

namespace regard::markov {
namespace {

using Rows = std::vector<const LogRow*>;

/// Values of each row and token less the means over rows and over tokens.
template <class Value>
std::vector<double> centred(const Rows& rows, Value&& value) {
  const auto n = rows.size(), k = rows.front()->counts.size();
  std::vector<double> x(n * k), of_token(k);
  double all = 0;
  for (std::size_t s = 0; s < n; ++s) {
    double of_row = 0;
    for (std::size_t i = 0; i < k; ++i) of_row += x[s * k + i] = value(*rows[s], i);
    of_row /= static_cast<double>(k);
    for (std::size_t i = 0; i < k; ++i) {
      x[s * k + i] -= of_row;
      of_token[i] += x[s * k + i] / static_cast<double>(n);
    }
    all += of_row;
  }
  for (std::size_t s = 0; s < n; ++s) {
    for (std::size_t i = 0; i < k; ++i) x[s * k + i] -= of_token[i];
  }
  return x;
}

Exponent fit(const std::map<int32_t, Rows>& by_last, double epsilon) {
  double xx = 0, xy = 0, yy = 0;
  struct Of {
    double xx, xy;
  };
  std::vector<Of> contexts;
  for (const auto& [last, rows] : by_last) {
    if (rows.size() < 2) continue;
    const auto x = centred(rows, [&](const LogRow& row, std::size_t i) {
      return std::log(static_cast<double>(row.counts[i]) + epsilon);
    });
    const auto y = centred(rows, [](const LogRow& row, std::size_t i) { return row.log_p[i]; });
    const auto k = rows.front()->counts.size();
    for (std::size_t s = 0; s < rows.size(); ++s) {
      Of of{0, 0};
      for (std::size_t i = s * k; i < (s + 1) * k; ++i) {
        of.xx += x[i] * x[i];
        of.xy += x[i] * y[i];
        yy += y[i] * y[i];
      }
      xx += of.xx;
      xy += of.xy;
      contexts.push_back(of);
    }
  }
  Exponent out;
  out.epsilon = epsilon;
  out.contexts = static_cast<int64_t>(contexts.size());
  if (!(xx > 0)) return out;
  out.alpha = xy / xx;
  out.explained = yy > 0 ? xy * xy / (xx * yy) : 0;
  double miss = 0;
  for (const auto& of : contexts) {
    const double part = of.xy - out.alpha * of.xx;
    miss += part * part;
  }
  out.error = std::sqrt(miss) / xx;
  return out;
}

}  // namespace

Exponent exponent_of(const std::vector<LogRow>& rows, const std::vector<double>& epsilons) {
  std::map<int32_t, Rows> by_last;
  for (const auto& row : rows) by_last[row.last].push_back(&row);
  Exponent best;
  for (const double epsilon : epsilons) {
    const auto one = fit(by_last, epsilon);
    if (best.contexts == 0 || one.explained > best.explained) best = one;
  }
  return best;
}

}  // namespace regard::markov
