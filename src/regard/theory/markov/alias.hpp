// Walker's alias table (1977), built as Vose (1991): n outcomes, a draw in constant time from one number of 64 bits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace regard::markov {

class AliasTable {
 public:
  /// Weights at or above 0, not all 0; at most 65536 of them. Returns their sum.
  double build(std::span<const double> weights);
  std::size_t size() const { return entries_.size(); }

  /// The outcome of `bits`: its high part picks a column, the rest of it one of the two outcomes there.
  uint32_t draw(uint64_t bits) const {
    const auto product = static_cast<unsigned __int128>(bits) * entries_.size();
    const auto column = static_cast<uint32_t>(product >> 64);
    const auto entry = entries_[column];
    const auto rest = static_cast<uint64_t>(product) >> 16;
    return rest < entry >> 16 ? column : static_cast<uint32_t>(entry & 0xFFFF);
  }

 private:
  // 48 bits: below this the column itself; 16 bits: else that one.
  std::vector<uint64_t> entries_;
  std::vector<double> scaled_;
  std::vector<uint32_t> work_;
};

}  // namespace regard::markov
