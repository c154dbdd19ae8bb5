#include "regard/data/readers/conll.hpp"

#include <gtest/gtest.h>

#include "helpers.hpp"

namespace regard::data {
namespace {

Examples parse_tagged(const std::string& content, TokenLabels labels = TokenLabels::kRead) {
  ExamplesBuilder into;
  parse_conll(content, "tagged.tsv", labels, into);
  return into.finish();
}

std::vector<std::string> labels_of(const Examples& examples) {
  std::vector<std::string> names;
  for (const auto id : examples.token_labels) {
    names.push_back(examples.label_names[static_cast<std::size_t>(id)]);
  }
  return names;
}

TEST(Conll, TokenFirstLabelLast) {
  const auto e = parse_tagged("EU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nPeter NNP B-NP B-PER\n");
  ASSERT_EQ(e.size(), 2);
  EXPECT_TRUE(e.sentences);
  EXPECT_EQ(e.documents[0], "EU\nrejects");
  EXPECT_EQ(e.documents[1], "Peter");
  EXPECT_EQ(labels_of(e), (std::vector<std::string>{"B-ORG", "O", "B-PER"}));
  EXPECT_EQ(e.place(1), "tagged.tsv: line 4");
}

TEST(Conll, TabsBlanksMarksAndLineEnds) {
  const auto e = parse_tagged(
      "\xEF\xBB\xBF-DOCSTART- -X- O O\r\n\r\nA\tx y\r\nB \t z\r\n   \r\n\nC  x y\n-DOCSTART-\nD z");
  ASSERT_EQ(e.size(), 3);
  EXPECT_EQ(e.documents[0], "A\nB");
  EXPECT_EQ(e.documents[1], "C");
  EXPECT_EQ(e.documents[2], "D");
  EXPECT_EQ(labels_of(e), (std::vector<std::string>{"x y", "z", "y", "z"}));
}

TEST(Conll, WithoutLabelsATokenMayStandAlone) {
  const auto e = parse_tagged("one\ntwo X\n\n\"three(\n", TokenLabels::kSkip);
  ASSERT_EQ(e.size(), 2);
  EXPECT_EQ(e.documents[1], "\"three(");
  EXPECT_FALSE(e.labelled());
}

TEST(Conll, Errors) {
  EXPECT_EQ(input_error([] { parse_tagged("a X\n\nb\n"); }),
            "tagged.tsv: line 3: a token and its label were expected, and \"b\" stands alone");
  EXPECT_EQ(input_error([] { parse_tagged("New York\tB-LOC\n"); }),
            "tagged.tsv: line 1: a token without blanks was expected, and \"New York\" came");
  EXPECT_EQ(input_error([] { parse_tagged("\n-DOCSTART- O\n\n"); }),
            "tagged.tsv: there is no sentence in it");
}

TEST(Sentences, KeepTheirLabelsInParts) {
  const auto e = parse_tagged("a X\nb Y\n\nc Z\n\nd X\ne Y\nf Z\n");
  const std::vector<int64_t> rows = {2, 0};
  const auto part = subset(e, rows);
  EXPECT_EQ(part.documents[0], "d\ne\nf");
  EXPECT_EQ(labels_of(part), (std::vector<std::string>{"X", "Y", "Z", "X", "Y"}));
  auto renamed = e;
  map_labels(renamed, {"Z", "Y", "X", "W"});
  EXPECT_EQ(labels_of(renamed), labels_of(e));
  EXPECT_EQ(renamed.token_labels, (std::vector<int32_t>{2, 1, 0, 2, 1, 0}));
  EXPECT_EQ(
      input_error([&] {
        map_labels(renamed, {"X", "Y"});
      }),
      "tagged.tsv: line 4: label \"Z\" does not occur in the training data; did you mean \"X\"?");
}

TEST(Sentences, AreCutInPieces) {
  const auto e = parse_tagged("a X\nb Y\n\nc Z\nd X\ne Y\nf Z\ng X\n");
  const auto pieces = cut_sentences(e, 2);
  ASSERT_EQ(pieces.size(), 4);
  EXPECT_EQ(pieces.documents[0], "a\nb");
  EXPECT_EQ(pieces.documents[1], "c\nd\n");
  EXPECT_EQ(pieces.documents[2], "e\nf\n");
  EXPECT_EQ(pieces.documents[3], "g");
  EXPECT_EQ(pieces.place(3), "tagged.tsv: line 4");
  EXPECT_EQ(pieces.token_labels, e.token_labels);
}

}  // namespace
}  // namespace regard::data
