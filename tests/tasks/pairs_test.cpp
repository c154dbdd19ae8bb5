#include <gtest/gtest.h>

#include "made.hpp"

namespace regard::data {
namespace {

TEST(PairsTask, TakesTwoTextsWithALabel) {
  EXPECT_EQ(chosen("auto", text_pairs()), "pairs");
  EXPECT_EQ(chosen("pairs", text_pairs()), "pairs");
  EXPECT_EQ(chosen("pairs", documents(true)),
            "made.tsv: line 1: pairs are two texts, and --text2 names the column of the second");
  EXPECT_EQ(find_task("pairs").model(), "pair_classifier");
  EXPECT_EQ(find_task("pairs").things(), "pairs");
}

}  // namespace
}  // namespace regard::data
