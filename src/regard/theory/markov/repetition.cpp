#include "regard/theory/markov/repetition.hpp"

#include <algorithm>
#include <cmath>

namespace regard::markov {

std::vector<double> spread(std::span<const int32_t> ids, int64_t outcomes) {
  std::vector<int64_t> counts(static_cast<std::size_t>(outcomes));
  const auto part = [](int64_t n) {
    return n > 0 ? static_cast<double>(n) * std::log(static_cast<double>(n)) : 0;
  };
  double all = 0, total = 0;
  const auto change = [&](int32_t id, int64_t by) {
    if (id >= outcomes) return;
    auto& n = counts[static_cast<std::size_t>(id)];
    all -= part(n);
    n += by;
    all += part(n);
    total += static_cast<double>(by);
  };
  std::vector<double> out;
  for (std::size_t t = 0; t < ids.size(); ++t) {
    const auto window = static_cast<std::size_t>(kSpreadWindow);
    if (t >= window) change(ids[t - window], -1);
    change(ids[t], 1);
    if (t + 1 >= window) out.push_back(total > 0 ? std::exp(std::log(total) - all / total) : 1);
  }
  return out;
}

int64_t onset(std::span<const int32_t> ids, int64_t outcomes, double least) {
  const auto values = spread(ids, outcomes);
  const auto found =
      std::find_if(values.begin(), values.end(), [&](double value) { return value < least; });
  return found == values.end() ? -1 : kSpreadWindow + (found - values.begin());
}

Loop loop_at_end(std::span<const int32_t> ids) {
  constexpr std::size_t kTurns = 3, kLeast = 12, kLongest = 200;
  const auto n = ids.size();
  for (std::size_t period = 1; period <= std::min(kLongest, n / kTurns); ++period) {
    std::size_t same = 0;
    while (same + period < n && ids[n - 1 - same] == ids[n - 1 - same - period]) ++same;
    const auto length = same + period;
    if (length < std::max(kTurns * period, kLeast)) continue;
    const auto turn = ids.subspan(n - period, period);
    return {{turn.begin(), turn.end()}, static_cast<int64_t>(length)};
  }
  return {};
}

Repetition repetition(const std::vector<std::vector<int32_t>>& texts, int64_t outcomes,
                      double least) {
  Repetition out;
  std::vector<double> onsets;
  for (const auto& text : texts) {
    ++out.texts;
    const auto begins = onset(text, outcomes, least);
    if (begins >= 0) onsets.push_back(static_cast<double>(begins));
    const auto values = spread(text, outcomes);
    if (values.empty()) continue;
    if (out.spread.size() < values.size()) out.spread.resize(values.size());
    for (std::size_t t = 0; t < values.size(); ++t) out.spread[t] += values[t];
  }
  for (auto& value : out.spread) value /= static_cast<double>(out.texts);
  if (!out.spread.empty()) out.spread_at_end = out.spread.back();
  out.repeating = static_cast<int64_t>(onsets.size());
  std::sort(onsets.begin(), onsets.end());
  const auto middle = static_cast<std::size_t>(out.texts / 2);
  if (middle < onsets.size()) out.median = onsets[middle];
  return out;
}

}  // namespace regard::markov
