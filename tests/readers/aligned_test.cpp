#include "regard/data/readers/aligned.hpp"

#include <gtest/gtest.h>

#include "regard/base/error.hpp"

namespace regard::data {
namespace {

Examples parsed(std::string_view source, std::string_view target, bool refuse_half = true) {
  ExamplesBuilder into(refuse_half ? Empty::kAuto : Empty::kLeaveOut);
  parse_aligned({"a.en", source}, {"a.de", target}, refuse_half, into);
  return into.finish();
}

std::string refusal(std::string_view source, std::string_view target) {
  try {
    parsed(source, target);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(Aligned, LinesArePairsAndKeepTheirTabs) {
  const auto pairs = parsed("one\ntwo\r\n\nfour", "eins\nz\twei\n\nvi\ter\n");
  ASSERT_EQ(pairs.size(), 3);
  EXPECT_TRUE(pairs.pairs);
  EXPECT_FALSE(pairs.labelled());
  EXPECT_EQ(pairs.texts(1)[0], "two");
  EXPECT_EQ(pairs.texts(1)[1], "z\twei");
  EXPECT_EQ(pairs.texts(2)[1], "vi\ter");
  EXPECT_EQ(pairs.place(2), "a.en: line 4");
  ASSERT_EQ(pairs.notes.size(), 1u);
  EXPECT_NE(pairs.notes[0].find("1 empty document is left out: a.en: line 3"), std::string::npos);
}

TEST(Aligned, UnequalNumbersOfLinesAreRefusedWithBoth) {
  EXPECT_EQ(refusal("one\ntwo\nthree\n", "eins\nzwei\n"),
            "a.en has 3 lines and a.de has 2: as many were expected, since line n of one is the "
            "translation of line n of the other");
}

TEST(Aligned, ALineThatIsEmptyOnOneSideIsRefusedWhereItIs) {
  EXPECT_EQ(refusal("one\ntwo\n", "eins\n \n"),
            "a.de: line 2 is empty, and that of a.en is not; dropped from one file alone it would "
            "shift the pairs (--empty leave_out leaves out both)");
  EXPECT_NE(refusal("\ntwo\n", "eins\nzwei\n").find("a.en: line 1 is empty"), std::string::npos);
  const auto left = parsed("one\ntwo\n", "eins\n \n", false);
  ASSERT_EQ(left.size(), 1);
  EXPECT_EQ(left.texts(0)[1], "eins");
}

}  // namespace
}  // namespace regard::data
