#include "regard/base/philox.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace regard {
namespace {

// Known answers of Philox4x32-10 from the authors' Random123 distribution (kat_vectors).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox(0, {0, 0, 0, 0}), (Philox4{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox(~uint64_t{0}, {~0u, ~0u, ~0u, ~0u}),
            (Philox4{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Philox, StreamsDifferAndRepeat) {
  Random a(1, RandomStream::kShuffle, 7), b(1, RandomStream::kShuffle, 7),
      c(1, RandomStream::kCrop, 7);
  const auto first = a.bits64();
  EXPECT_EQ(first, b.bits64());
  EXPECT_NE(first, c.bits64());
}

TEST(Philox, BelowCoversItsRangeEvenly) {
  Random random(3, RandomStream::kTest);
  std::vector<int> count(7);
  for (int i = 0; i < 7000; ++i) ++count[random.below(7)];
  for (const int n : count) EXPECT_NEAR(n, 1000, 150);
}

}  // namespace
}  // namespace regard
