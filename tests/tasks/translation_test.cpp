#include <gtest/gtest.h>

#include "made.hpp"

namespace regard::data {
namespace {

Examples unlabelled_pairs() {
  ExamplesBuilder builder;
  builder.begin_file("made.en");
  builder.add_pair("one two", "eins zwei", 1);
  builder.add_pair("three", "drei", 2);
  return builder.finish();
}

TEST(TranslationTask, TakesTwoTextsWithoutALabel) {
  EXPECT_EQ(chosen("auto", unlabelled_pairs()), "translation");
  EXPECT_EQ(chosen("translation", unlabelled_pairs()), "translation");
  EXPECT_EQ(chosen("translation", text_pairs()),
            "made.tsv: line 1: a translation has no labels, and these texts have");
  EXPECT_EQ(chosen("translation", documents(false)),
            "made.tsv: line 1: a translation needs two texts, a source and its target (--target "
            "FILE, or --target-text COLUMN)");
  EXPECT_EQ(find_task("translation").model(), "sequence_to_sequence");
  EXPECT_EQ(find_task("translation").metrics().front().name, "bleu");
  EXPECT_FALSE(find_task("translation").metrics().front().percent);
}

}  // namespace
}  // namespace regard::data
