// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011).
//
// A number is a pure function of (key, counter), so it does not depend on threads, order or resume.
#pragma once

#include <array>
#include <cstdint>

namespace regard {

using Philox4 = std::array<uint32_t, 4>;

/// Ten rounds on `counter` under `key`.
inline Philox4 philox(uint64_t key, Philox4 counter) {
  auto k0 = static_cast<uint32_t>(key);
  auto k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t b = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ k0, static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ k1, static_cast<uint32_t>(a)};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return counter;
}

/// The streams of a run; two streams never share a number.
enum class RandomStream : uint32_t {
  kInit = 1,
  kShuffle,
  kCrop,
  kDropout,
  kSample,
  kSplit,
  kTest,
  kListOps,
  kPathfinder,
  kBootstrap,
  kRecall,
  kEdges,
  kMask = 20,
  kNoise,
  kParticles = 32,
  kChain = 40,
  kChainWalk,
  kChainPrompts
};

/// A sequence of numbers for (seed, stream, major): `major` is a step, an epoch or an index.
///
/// Blocks of four words are counted in 56 bits: the low 32 are the first word of the counter, the
/// high 24 stand above the 8 bits of the stream. So 2^57 doubles come before a number is drawn
/// twice.
class Random {
 public:
  /// `block`: how many blocks of four words are passed over.
  Random(uint64_t seed, RandomStream stream, uint64_t major = 0, uint64_t block = 0)
      : key_(seed), stream_(static_cast<uint32_t>(stream)), major_(major), index_(block) {}

  uint32_t bits32() {
    if (used_ == 4) {
      block_ = philox(key_, counter(index_++));
      used_ = 0;
    }
    return block_[used_++];
  }
  /// The block of that number, whatever was drawn.
  Philox4 block_at(uint64_t index) const { return philox(key_, counter(index)); }
  uint64_t bits64() {
    const uint64_t high = bits32();
    return high << 32 | bits32();
  }
  /// Uniform in [0, 1) with 53 bits.
  double uniform() { return static_cast<double>(bits64() >> 11) * 0x1.0p-53; }
  /// Uniform in [0, bound), without bias beyond 2^-64 (multiply-shift of 64 bits).
  uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(bits64()) * bound >> 64);
  }

 private:
  Philox4 counter(uint64_t index) const {
    return {static_cast<uint32_t>(index), stream_ | static_cast<uint32_t>(index >> 32) << 8,
            static_cast<uint32_t>(major_), static_cast<uint32_t>(major_ >> 32)};
  }

  uint64_t key_;
  uint32_t stream_;
  uint64_t major_;
  uint64_t index_ = 0;
  Philox4 block_{};
  int used_ = 4;
};

}  // namespace regard
