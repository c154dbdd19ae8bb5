// Walker's alias table (1977), built as Vose (1991): n outcomes, a draw in constant time from one
// number of 64 bits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace regard::markov {

/// Scratch of a build.
struct AliasScratch {
  std::vector<double> scaled;
  std::vector<uint32_t> order;
};

/// Fills `entries` (n) for weights at or above 0, not all 0; n up to 65536. Returns the sum of the
/// weights.
double build_alias(std::span<const double> weights, uint64_t* entries, AliasScratch& scratch);

/// The outcome of `bits` in a table of n entries: the high part picks a column, the rest one of the
/// two outcomes there. An entry has 48 bits, below which it is the column itself, and 16 bits of
/// the other outcome.
inline uint32_t draw_alias(const uint64_t* entries, std::size_t n, uint64_t bits) {
  const auto product = static_cast<unsigned __int128>(bits) * n;
  const auto column = static_cast<uint32_t>(product >> 64);
  const auto entry = entries[column];
  const auto rest = static_cast<uint64_t>(product) >> 16;
  return rest < entry >> 16 ? column : static_cast<uint32_t>(entry & 0xFFFF);
}

}  // namespace regard::markov
