#include "regard/data/generators/recall.hpp"

#include <gtest/gtest.h>

#include <set>

#include "regard/base/error.hpp"
#include "regard/data/readers/reader.hpp"

namespace regard::data {
namespace {

TEST(Recall, EachKeyAsksForTheValueBehindItsFirstPlace) {
  RecallSpec spec;
  spec.recall_length = 32;
  for (uint64_t index = 1; index < 200; ++index) {
    const auto s = recall_sequence(spec, 7, index);
    ASSERT_EQ(s.tokens.size(), 32u);
    std::set<std::string> keys;
    for (std::size_t i = 0; i < 16; i += 2) {
      EXPECT_TRUE(keys.insert(s.tokens[i]).second) << "keys differ";
      EXPECT_EQ(s.tokens[i + 1][0], 'v');
      EXPECT_EQ(s.planted[i], -1);
      EXPECT_EQ(s.labels[i + 1], "");
    }
    for (std::size_t i = 16; i < 32; i += 2) {
      EXPECT_EQ(s.tokens[i + 1], "_");
      EXPECT_EQ(keys.erase(s.tokens[i]), 1u) << "each key asks once";
      const auto place = static_cast<std::size_t>(s.planted[i]);
      EXPECT_EQ(s.tokens[place - 1], s.tokens[i]);
      EXPECT_EQ(s.tokens[place], s.labels[i]);
      EXPECT_EQ(s.planted[i + 1], -1);
    }
  }
  EXPECT_EQ(recall_sequence(spec, 7, 3).tokens, recall_sequence(spec, 7, 3).tokens);
  EXPECT_NE(recall_sequence(spec, 7, 3).tokens, recall_sequence(spec, 7, 4).tokens);
}

TEST(Recall, IsReadAsSentencesWithLabelsForSomeTokens) {
  ReaderSpec spec;
  spec.reader = "recall";
  spec.generated.recall.recall_length = 8;
  const auto examples = read_examples({"3-5"}, spec);
  EXPECT_EQ(examples.size(), 3);
  EXPECT_TRUE(examples.sentences);
  EXPECT_EQ(examples.token_labels.size(), 24u);
  EXPECT_EQ(examples.planted.size(), 24u);
  for (std::size_t t = 0; t < 24; ++t) {
    EXPECT_EQ(examples.token_labels[t] >= 0, examples.planted[t] >= 0);
  }
  const std::vector<int64_t> rows = {2, 0};
  const auto part = subset(examples, rows);
  EXPECT_TRUE(
      std::equal(part.planted.begin(), part.planted.begin() + 8, examples.planted.begin() + 16));
  EXPECT_THROW(cut_sentences(examples, 4), InputError);
}

TEST(Recall, RefusesNumbersThatNoSequenceHas) {
  const auto error = [](RecallSpec spec) -> std::string {
    try {
      spec.check();
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(error({.recall_length = 30}),
            "recall: recall_length, a multiple of 4 from 4 to 1048576, was expected, and 30 came");
  EXPECT_EQ(error({.recall_length = 64, .recall_keys = 15}),
            "recall: recall_keys of at least a quarter of recall_length was expected, and 15 came");
  EXPECT_EQ(error({.recall_values = 1}),
            "recall: recall_values of at least 2 was expected, and 1 came");
  EXPECT_EQ(error({}), "");
}

}  // namespace
}  // namespace regard::data
