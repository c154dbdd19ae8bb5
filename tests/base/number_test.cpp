#include "regard/base/number.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace regard {
namespace {

TEST(Number, IsDecimalWholeAndFinite) {
  EXPECT_EQ(whole_number("010"), 10);
  EXPECT_EQ(whole_number("+5"), 5);
  EXPECT_EQ(whole_number("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  for (const auto* text : {"", "+", "+-1", "0x10", "1.0", "1e3", " 1", "1 ", "9223372036854775808"})
    EXPECT_FALSE(whole_number(text)) << text;
  EXPECT_EQ(real_number("1e-320"), 1e-320);
  EXPECT_EQ(real_number("010.5"), 10.5);
  for (const auto* text : {"", "nan", "-nan", "inf", "1e400", "0x1p3", "1,5"})
    EXPECT_FALSE(real_number(text)) << text;
}

}  // namespace
}  // namespace regard
