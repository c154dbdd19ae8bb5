// The dropout kernel on every target: element by element what base/philox.hpp draws.
#include "regard/kernels/cpu/dropout.hpp"

#include <vector>

#include "kernels/hrr_fixture.hpp"

namespace regard::testing {
namespace {
using kernels::BFloat16;
using kernels::cpu::DropoutDraw;

class Dropout : public OnEveryTarget {};

float expected(const DropoutDraw& draw, float x, uint64_t i) {
  const uint64_t block = i / 4;
  const auto bits =
      philox(draw.key, {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                        static_cast<uint32_t>(draw.step), static_cast<uint32_t>(draw.step >> 32)});
  return bits[i % 4] >= draw.bound ? x * draw.keep : x * 0.0f;
}

TEST_P(Dropout, DrawsTheNumberOfEachElement) {
  ASSERT_STREQ(kernels::cpu::dropout_target(), hwy::TargetName(GetParam()));
  const DropoutDraw draw(0.3, 11, (uint64_t{5} << 32) + 7, 3);
  for (const int64_t count : {1, 3, 4, 5, 63, 64, 65, 1000}) {
    std::vector<float> x(static_cast<size_t>(count)), y(x.size(), -1);
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) - 20.5f;
    kernels::cpu::dropout<float>(draw, x.data(), y.data(), 0, count);
    for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], expected(draw, x[i], i)) << i;
  }
}

TEST_P(Dropout, RangesGiveTheSameAndMayWriteInPlace) {
  const DropoutDraw draw(0.5, 1, 2, 3);
  std::vector<float> whole(1003, 1.0f), parts = whole, in = whole;
  kernels::cpu::dropout<float>(draw, in.data(), whole.data(), 0, 1003);
  for (const auto& [begin, end] : {std::pair{0, 8}, {8, 12}, {12, 500}, {500, 1003}})
    kernels::cpu::dropout<float>(draw, parts.data(), parts.data(), begin, end);
  EXPECT_EQ(parts, whole);
}

// The number of a block has 64 bits: a carry from the lower to the upper word within one vector.
// The element lies behind the array's start by as much as the pointers are moved back.
TEST_P(Dropout, BlocksBeyond32Bits) {
  const DropoutDraw draw(0.5, 1, 2, 3);
  const int64_t first = (int64_t{4} << 32) - 16;
  std::vector<float> x(128, 1.0f), y(128);
  const auto offset = static_cast<uintptr_t>(first) * sizeof(float);
  kernels::cpu::dropout<float>(
      draw, reinterpret_cast<const float*>(reinterpret_cast<uintptr_t>(x.data()) - offset),
      reinterpret_cast<float*>(reinterpret_cast<uintptr_t>(y.data()) - offset), first, first + 128);
  for (size_t i = 0; i < y.size(); ++i)
    ASSERT_EQ(y[i], expected(draw, 1, static_cast<uint64_t>(first) + i)) << i;
}

TEST_P(Dropout, RoundsBFloat16ToTheNearest) {
  const DropoutDraw draw(0.1, 4, 5, 6);
  std::vector<BFloat16> x(77), y(77);
  for (size_t i = 0; i < x.size(); ++i) x[i].bits = static_cast<uint16_t>(0x3f80 + 3 * i);
  kernels::cpu::dropout<BFloat16>(draw, x.data(), y.data(), 0, 77);
  for (size_t i = 0; i < x.size(); ++i) {
    const float value = expected(draw, std::bit_cast<float>(uint32_t{x[i].bits} << 16), i);
    const auto bits = std::bit_cast<uint32_t>(value);
    EXPECT_EQ(y[i].bits, (bits + 0x7fff + (bits >> 16 & 1)) >> 16) << i;
  }
}

TEST(DropoutDraw, ARateNextToOneDropsAll) {
  EXPECT_EQ(DropoutDraw(1 - 1e-12, 1, 2, 3).bound, 0xFFFFFFFFu);
  EXPECT_EQ(DropoutDraw(0.5, 1, 2, 3).bound, 0x80000000u);
}

INSTANTIATE_TEST_SUITE_P(Targets, Dropout, every_target(), target_label);

}  // namespace
}  // namespace regard::testing
