#include "regard/data/readers/table.hpp"

#include <gtest/gtest.h>

#include "readers/helpers.hpp"

namespace regard::data {
namespace {

Examples parse(const std::string& content, const std::string& name = "t.tsv", TableSpec spec = {}) {
  ExamplesBuilder builder;
  parse_table(content, name, spec, builder);
  return builder.finish();
}

std::string parse_error(const std::string& content, const std::string& name = "t.tsv",
                        TableSpec spec = {}) {
  return input_error([&] { parse(content, name, spec); });
}

TableSpec by_number() {
  TableSpec spec;
  spec.text = "3";
  spec.label = "1";
  return spec;
}

TEST(Table, TsvWithHeader) {
  const auto e = parse("label\ttext\npos\tgood one\nneg\tbad \"quoted\"\n");
  ASSERT_EQ(e.size(), 2);
  EXPECT_EQ(e.documents[0], "good one");
  EXPECT_EQ(e.documents[1], "bad \"quoted\"");
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"neg", "pos"}));
  EXPECT_EQ(e.labels, (std::vector<int32_t>{1, 0}));
  EXPECT_EQ(e.place(1), "t.tsv: line 3");
}

TEST(Table, ColumnsByNumberMeanNoHeader) {
  const auto e = parse("neg\t0_3\tbad\npos\t1_9\tgood", "imdb.tsv.xz", by_number());
  ASSERT_EQ(e.size(), 2);
  EXPECT_EQ(e.documents[0], "bad");
  auto spec = by_number();
  spec.header = "yes";
  EXPECT_EQ(parse("l\ti\tt\npos\t1_9\tgood", "imdb.tsv.xz", spec).size(), 1);
}

TEST(Table, CsvQuotesFollowRfc4180) {
  const auto e =
      parse("text,label\r\n\"a, \"\"b\"\"\r\nnext line\",x\r\nplain,y\r\n\"\"\"\"\"\",\"z\"\r\n",
            "t.csv");
  ASSERT_EQ(e.size(), 3);
  EXPECT_EQ(e.documents[0], "a, \"b\"\r\nnext line");
  EXPECT_EQ(e.documents[1], "plain");
  EXPECT_EQ(e.documents[2], "\"\"");
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(e.place(1), "t.csv: line 4");
}

TEST(Table, ManyQuotedCellsInARowStayValid) {
  const auto e =
      parse("\"a\",\"text\",\"b\",\"c\",\"label\"\n\"1\",\"two\",\"3\",\"4\",\"L\"\n", "t.csv");
  EXPECT_EQ(e.documents[0], "two");
  EXPECT_EQ(e.label_names[0], "L");
}

TEST(Table, ByteOrderMarkAndWindowsLines) {
  const auto e = parse("\xEF\xBB\xBFtext\tlabel\r\nabc\tq\r\n\r\n");
  ASSERT_EQ(e.size(), 1);
  EXPECT_EQ(e.label_names[0], "q");
  EXPECT_TRUE(contains(parse_error("\xFF\xFEt\0e\0"), "UTF-16"));
}

TEST(Table, LabelsThatAreNumbersSortAsNumbers) {
  const auto e = parse("text\tlabel\na\t10\nb\t9\nc\t-1\n");
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"-1", "9", "10"}));
  EXPECT_EQ(e.labels, (std::vector<int32_t>{2, 1, 0}));
}

TEST(Table, WithoutLabelColumn) {
  TableSpec spec;
  spec.label = "";
  const auto e = parse("text\nabc\n", "t.csv", spec);
  EXPECT_EQ(e.size(), 1);
  EXPECT_FALSE(e.labelled());
}

TEST(Table, FormatFromTheFirstLineWhenTheNameDoesNotTell) {
  EXPECT_EQ(parse("text,label\na,b\n", "x").documents[0], "a");
  EXPECT_EQ(parse("text\tlabel\na,c\tb\n", "x").documents[0], "a,c");
}

TEST(Table, ErrorsNameFileLineAndColumn) {
  EXPECT_EQ(
      parse_error("texts\tlabel\na\tb\n"),
      "t.tsv: line 1: no column \"text\" (text); did you mean \"texts\"? (when the file has no "
      "header, give the columns as numbers from 1)");
  EXPECT_EQ(parse_error("text\tlabel\na\tb\nc\n"),
            "t.tsv: line 3: 1 columns, and the first line has 2");
  EXPECT_EQ(parse_error("text\tlabel\n \tb\n"), "t.tsv: line 2: the document is empty");
  EXPECT_EQ(parse_error("text\tlabel\nabc\t\n"), "t.tsv: line 2: the label is empty");
  EXPECT_EQ(parse_error("text\tlabel\n"), "t.tsv: there is no row below the header");
  EXPECT_EQ(parse_error(""), "t.tsv: the table is empty");
  EXPECT_EQ(parse_error("text\ttext\tlabel\n1\t2\t3\n"),
            "t.tsv: line 1: column \"text\" stands there twice");
  EXPECT_EQ(parse_error("a\tb\n", "t.tsv", by_number()),
            "t.tsv: line 1: column 3 was asked for (text), and there are 2 columns");
  EXPECT_EQ(parse_error(std::string("text\tlabel\na\0b\tc\n", 17)),
            "t.tsv: line 2: a NUL byte; a table is text, in UTF-8");
  EXPECT_EQ(parse_error("text,label\n\"open,x\n", "t.csv"),
            "t.csv: line 2: column 1: the quote is not closed");
  EXPECT_TRUE(contains(parse_error("text,label\n\"a\"b,x\n", "t.csv"),
                       "t.csv: line 2: column 1: text follows the closing quote"));
}

TEST(Table, ZeroAndHugeColumnNumbersAreErrors) {
  auto spec = by_number();
  spec.text = "0";
  EXPECT_TRUE(contains(parse_error("a\tb\n", "t.tsv", spec), "column 0 was asked for"));
  spec.text = "99999999999999999999999";
  EXPECT_TRUE(contains(parse_error("a\tb\n", "t.tsv", spec), "was asked for"));
}

TEST(Table, LabelUnseenInTrainingNamesItsPlace) {
  auto e = parse("text\tlabel\na\tpos\nb\tneu\n");
  EXPECT_EQ(
      input_error([&] {
        map_labels(e, {"neg", "pos"});
      }),
      "t.tsv: line 3: label \"neu\" does not occur in the training data; did you mean \"neg\"?");
  auto fine = parse("text\tlabel\na\tpos\nb\tpos\n");
  map_labels(fine, {"neg", "pos"});
  EXPECT_EQ(fine.labels, (std::vector<int32_t>{1, 1}));
}

}  // namespace
}  // namespace regard::data
