#include "regard/attention/graphs/window.hpp"

#include <gtest/gtest.h>

#include "harness/mask.hpp"
#include "harness/message.hpp"

namespace regard::attention::graphs {
namespace {
using harness::message;

int64_t keys_of(const std::string& phrase, bool causal, int64_t query) {
  return parse_phrase(phrase).graph->facts(causal).keys(query, query + 1, {100, 100}).size();
}

TEST(Window, HoldsWidthKeysOnEachSideOrBehind) {
  EXPECT_EQ(keys_of("window(width=4)", false, 50), 7);
  EXPECT_EQ(keys_of("window(width=4)", true, 50), 4);  // width keys, self among them
  EXPECT_EQ(keys_of("window(width=1)", false, 50), 1);
  EXPECT_EQ(keys_of("window(left=5,right=2)", false, 50), 8);
  EXPECT_EQ(keys_of("window(left=5,right=2)", true, 50), 6);
  EXPECT_EQ(keys_of("window(left=5)", false, 50), 6);
  EXPECT_EQ(keys_of("window(right=5)", false, 50), 6);
  EXPECT_EQ(keys_of("window", false, 50), 100);
  for (const char* phrase : {"window(width=3)", "window(left=0,right=3)",
                             "window(width=2,global=2)", "window(left=3,right=1,global=3)"}) {
    harness::mask_is_predicate(phrase);
  }
}

// As in other libraries: (-1, 0) is causal attention, (-1, -1) is full.
TEST(Window, MinusOneMeansNoLimit) {
  EXPECT_EQ(keys_of("window(left=-1,right=0)", false, 50), 51);
  EXPECT_EQ(keys_of("window(left=-1,right=0)", true, 50), 51);
  EXPECT_EQ(keys_of("window(left=-1)", false, 50), 51);
  EXPECT_EQ(keys_of("window(left=5,right=-1)", false, 50), 55);
  EXPECT_EQ(keys_of("window(right=-1)", false, 50), 50);
  EXPECT_EQ(keys_of("window(left=-1,right=-1)", false, 50), 100);
  EXPECT_EQ(parse_phrase("window(left=-1)").canonical, "window(left=-1,right=0)");
  EXPECT_EQ(parse_phrase("window(left=-1,right=-1)").canonical, "window(left=-1,right=-1)");
  for (const char* phrase :
       {"window(left=-1,right=0)", "window(left=2,right=-1)", "window(left=-1,right=-1)"}) {
    harness::mask_is_predicate(phrase);
  }
  const auto options = fields([](Visitor& f) { Window().visit(f); });
  EXPECT_EQ(to_text(options[1].value), "none");
}

TEST(Window, GlobalPositionsSeeAndAreSeenWithinCausality) {
  const auto both = parse_phrase("window(width=2,global=2)").graph->facts(false);
  EXPECT_TRUE(both.allows(1, 8, {9, 9}) && both.allows(8, 1, {9, 9}));
  EXPECT_FALSE(both.allows(2, 8, {9, 9}));
  const auto causal = parse_phrase("window(width=2,global=2)").graph->facts(true);
  EXPECT_TRUE(causal.allows(8, 1, {9, 9}));
  EXPECT_FALSE(causal.allows(1, 8, {9, 9}));
}

TEST(Window, RefusesWhatIsNoWindow) {
  const auto error = [](const std::string& phrase) {
    return message([&] { parse_phrase(phrase); });
  };
  EXPECT_EQ(error("window(width=0)"),
            "phrase \"window(width=0)\", window: width of at least 1 was expected, and 0 came");
  EXPECT_EQ(error("window(left=-2)"),
            "phrase \"window(left=-2)\", window: left of at least -1 was expected, and -2 came");
  EXPECT_EQ(error("window(global=-1)"),
            "phrase \"window(global=-1)\", window: global of at least 0 was expected, and -1 came");
  EXPECT_EQ(
      error("window(width=9,left=2)"),
      "phrase \"window(width=9,left=2)\", window: width, or left and right, was expected, and "
      "both came");
  EXPECT_EQ(error("window(width=9223372036854775807)"),
            "phrase \"window(width=9223372036854775807)\", window: width of at most 1099511627776 "
            "was expected, and 9223372036854775807 came");
}

}  // namespace
}  // namespace regard::attention::graphs
