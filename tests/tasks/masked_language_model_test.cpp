#include <gtest/gtest.h>

#include "made.hpp"

namespace regard::data {
namespace {

TEST(MaskedLanguageModelTask, TakesTextWhenItIsNamed) {
  EXPECT_EQ(chosen("auto", documents(false)), "language_model");
  EXPECT_EQ(chosen("masked_language_model", documents(false)), "masked_language_model");
  EXPECT_EQ(chosen("masked_language_model", documents(true)), "masked_language_model");
  EXPECT_EQ(chosen("masked_language_model", text_pairs()),
            "made.tsv: line 1: a masked language model reads one text, and text2 names a second");
}

TEST(MaskedLanguageModelTask, IsDecidedByItsLoss) {
  const auto& task = find_task("masked_language_model");
  EXPECT_EQ(task.metrics()[0].name, "loss");
  EXPECT_EQ(task.targets(), Targets::kMasked);
  EXPECT_TRUE(task.reads_text());
  EXPECT_FALSE(find_task("classification").reads_text());
}

}  // namespace
}  // namespace regard::data
