#include "regard/theory/markov/alias.hpp"

namespace regard::markov {

double AliasTable::build(std::span<const double> weights) {
  constexpr uint64_t kAlways = (uint64_t{1} << 48) - 1;
  const auto n = weights.size();
  double total = 0;
  for (const double w : weights) total += w;
  entries_.resize(n);
  scaled_.resize(n);
  work_.resize(n);
  const double scale = static_cast<double>(n) / total;
  std::size_t small = 0, large = n;  // small columns from the front, large ones from the back
  for (std::size_t i = 0; i < n; ++i) {
    scaled_[i] = weights[i] * scale;
    work_[scaled_[i] < 1 ? small++ : --large] = static_cast<uint32_t>(i);
  }
  // The first small column is filled up by the first large one, which may become small itself.
  while (small > 0 && large < n) {
    const auto low = work_[--small], high = work_[large];
    entries_[low] = static_cast<uint64_t>(scaled_[low] * 0x1.0p48) << 16 | high;
    scaled_[high] -= 1 - scaled_[low];
    if (scaled_[high] < 1) {
      work_[small++] = high;
      ++large;
    }
  }
  while (large < n) entries_[work_[large]] = kAlways << 16 | work_[large], ++large;
  while (small > 0) --small, entries_[work_[small]] = kAlways << 16 | work_[small];
  return total;
}

}  // namespace regard::markov
