// The numbers of `Random`, sixteen blocks of Philox at a time: their rounds overlap in the
// processor.
#pragma once

#include <cstdint>

#include "regard/base/philox.hpp"

namespace regard::markov {

class Draws {
 public:
  Draws(uint64_t seed, uint64_t run) : random_(seed, RandomStream::kChainWalk, run) {}

  uint64_t bits64() {
    if (used_ == kWords) refill();
    return words_[used_++];
  }
  double uniform() { return static_cast<double>(bits64() >> 11) * 0x1.0p-53; }
  uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(bits64()) * bound >> 64);
  }

 private:
  static constexpr int kBlocks = 16, kWords = 2 * kBlocks;
  void refill() {
    for (int b = 0; b < kBlocks; ++b) {
      const auto block = random_.block_at(index_ + static_cast<uint64_t>(b));
      words_[2 * b] = uint64_t{block[0]} << 32 | block[1];
      words_[2 * b + 1] = uint64_t{block[2]} << 32 | block[3];
    }
    index_ += kBlocks;
    used_ = 0;
  }

  Random random_;
  uint64_t index_ = 0;
  uint64_t words_[kWords];
  int used_ = kWords;
};

}  // namespace regard::markov
