#include <gtest/gtest.h>

#include "made.hpp"

namespace regard::data {
namespace {

TEST(LanguageModelTask, TakesTextAndLeavesLabelsOut) {
  EXPECT_EQ(chosen("auto", documents(false)), "language_model");
  EXPECT_EQ(chosen("language_model", documents(true)), "language_model");
  EXPECT_EQ(chosen("language_model", text_pairs()),
            "made.tsv: line 1: a language model reads one text, and text2 names a second");
}

TEST(LanguageModelTask, IsDecidedByItsLoss) {
  const auto& task = find_task("language_model");
  EXPECT_EQ(task.metrics()[0].name, "loss");
  EXPECT_FALSE(task.metrics()[0].percent);
  EXPECT_EQ(task.targets(), Targets::kNextToken);
}

}  // namespace
}  // namespace regard::data
