#include "regard/theory/markov/alias.hpp"

namespace regard::markov {

double build_alias(std::span<const double> weights, uint64_t* entries, AliasScratch& scratch) {
  constexpr uint64_t kAlways = (uint64_t{1} << 48) - 1;
  const auto n = weights.size();
  auto& [scaled, order] = scratch;
  scaled.resize(n);
  order.resize(n);
  double total = 0;
  for (const double w : weights) total += w;
  const double scale = static_cast<double>(n) / total;
  std::size_t small = 0, large = n;  // small columns from the front, large ones from the back
  for (std::size_t i = 0; i < n; ++i) {
    scaled[i] = weights[i] * scale;
    order[scaled[i] < 1 ? small++ : --large] = static_cast<uint32_t>(i);
  }
  // The last small column is filled up by the first large one, which may become small itself.
  while (small > 0 && large < n) {
    const auto low = order[--small], high = order[large];
    entries[low] = static_cast<uint64_t>(scaled[low] * 0x1.0p48) << 16 | high;
    scaled[high] -= 1 - scaled[low];
    if (scaled[high] < 1) {
      order[small++] = high;
      ++large;
    }
  }
  for (; large < n; ++large) entries[order[large]] = kAlways << 16 | order[large];
  while (small > 0) {
    const auto last = order[--small];
    entries[last] = kAlways << 16 | last;
  }
  return total;
}

}  // namespace regard::markov
