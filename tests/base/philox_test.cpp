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

// 2^33 doubles are 2^32 blocks: the counter goes on in the bits above the stream.
TEST(Philox, NumbersDoNotRepeatAfterTwoToThe33) {
  const uint64_t end = uint64_t{1} << 32;
  Random first(5, RandomStream::kTest, 2), late(5, RandomStream::kTest, 2, end - 1);
  const std::vector<uint64_t> begin = {first.bits64(), first.bits64(), first.bits64()};
  const std::vector<uint64_t> last = {late.bits64(), late.bits64()};
  const std::vector<uint64_t> next = {late.bits64(), late.bits64(), late.bits64()};
  EXPECT_NE(next, begin);
  EXPECT_NE(next[0], last[0]);
  Random beyond(5, RandomStream::kTest, 2, end);
  EXPECT_EQ(beyond.bits64(), next[0]);
  // No other stream or step has these numbers either.
  EXPECT_NE(Random(5, RandomStream::kTest, 3).bits64(), next[0]);
}

TEST(Philox, TheFirstNumbersOfAStreamStayWhatTheyWere) {
  const auto block = philox(9, {0, static_cast<uint32_t>(RandomStream::kTest), 4, 0});
  Random random(9, RandomStream::kTest, 4);
  for (const auto word : block) EXPECT_EQ(random.bits32(), word);
}

TEST(Philox, BelowCoversItsRangeEvenly) {
  Random random(3, RandomStream::kTest);
  std::vector<int> count(7);
  for (int i = 0; i < 7000; ++i) ++count[random.below(7)];
  for (const int n : count) EXPECT_NEAR(n, 1000, 150);
}

}  // namespace
}  // namespace regard
