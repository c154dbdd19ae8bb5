#include "regard/data/readers/table.hpp"

#include <gtest/gtest.h>

#include "readers/helpers.hpp"

namespace regard::data {
namespace {

Examples parse_rows(const std::string& content, const std::string& name = "t.tsv",
                    TableSpec spec = {}) {
  ExamplesBuilder builder;
  parse_table(content, name, spec, builder);
  return builder.finish();
}

std::string parse_error(const std::string& content, const std::string& name = "t.tsv",
                        TableSpec spec = {}) {
  return input_error([&] { parse_rows(content, name, spec); });
}

TableSpec by_number() {
  TableSpec spec;
  spec.text = "3";
  spec.label = "1";
  return spec;
}

TEST(Table, TsvWithHeader) {
  const auto e = parse_rows("label\ttext\npos\tgood one\nneg\tbad \"quoted\"\n");
  ASSERT_EQ(e.size(), 2);
  EXPECT_EQ(e.documents[0], "good one");
  EXPECT_EQ(e.documents[1], "bad \"quoted\"");
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"neg", "pos"}));
  EXPECT_EQ(e.labels, (std::vector<int32_t>{1, 0}));
  EXPECT_EQ(e.place(1), "t.tsv: line 3");
}

TEST(Table, ColumnsByNumberMeanNoHeader) {
  const auto e = parse_rows("neg\t0_3\tbad\npos\t1_9\tgood", "imdb.tsv.xz", by_number());
  ASSERT_EQ(e.size(), 2);
  EXPECT_EQ(e.documents[0], "bad");
  auto spec = by_number();
  spec.header = "yes";
  EXPECT_EQ(parse_rows("l\ti\tt\npos\t1_9\tgood", "imdb.tsv.xz", spec).size(), 1);
}

TEST(Table, CsvQuotesFollowRfc4180) {
  const auto e = parse_rows(
      "text,label\r\n\"a, \"\"b\"\"\r\nnext line\",x\r\nplain,y\r\n\"\"\"\"\"\",\"z\"\r\n",
      "t.csv");
  ASSERT_EQ(e.size(), 3);
  EXPECT_EQ(e.documents[0], "a, \"b\"\r\nnext line");
  EXPECT_EQ(e.documents[1], "plain");
  EXPECT_EQ(e.documents[2], "\"\"");
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(e.place(1), "t.csv: line 4");
}

TEST(Table, ManyQuotedCellsInARowStayValid) {
  const auto e = parse_rows(
      "\"a\",\"text\",\"b\",\"c\",\"label\"\n\"1\",\"two\",\"3\",\"4\",\"L\"\n", "t.csv");
  EXPECT_EQ(e.documents[0], "two");
  EXPECT_EQ(e.label_names[0], "L");
}

TEST(Table, ByteOrderMarkAndWindowsLines) {
  const auto e = parse_rows("\xEF\xBB\xBFtext\tlabel\r\nabc\tq\r\n\r\n");
  ASSERT_EQ(e.size(), 1);
  EXPECT_EQ(e.label_names[0], "q");
  EXPECT_TRUE(contains(parse_error("\xFF\xFEt\0e\0"), "UTF-16"));
}

TEST(Table, LabelsThatAreNumbersSortAsNumbers) {
  const auto e = parse_rows("text\tlabel\na\t10\nb\t9\nc\t-1\n");
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"-1", "9", "10"}));
  EXPECT_EQ(e.labels, (std::vector<int32_t>{2, 1, 0}));
}

TEST(Table, WithoutLabelColumn) {
  TableSpec spec;
  spec.label = "";
  const auto e = parse_rows("text\nabc\n", "t.csv", spec);
  EXPECT_EQ(e.size(), 1);
  EXPECT_FALSE(e.labelled());
}

TEST(Table, FormatFromTheFirstLineWhenTheNameDoesNotTell) {
  EXPECT_EQ(parse_rows("text,label\na,b\n", "x").documents[0], "a");
  EXPECT_EQ(parse_rows("text\tlabel\na,c\tb\n", "x").documents[0], "a,c");
}

TEST(Table, ErrorsNameFileLineAndColumn) {
  EXPECT_EQ(
      parse_error("texts\tlabel\na\tb\n"),
      "t.tsv: line 1: no column \"text\" (text); did you mean \"texts\"? (when the file has no "
      "header, give the columns as numbers from 1)");
  EXPECT_EQ(parse_error("text\tlabel\na\tb\nc\n"),
            "t.tsv: line 3: 1 columns, and the first line has 2");
  EXPECT_EQ(parse_error("text\tlabel\n \tb\n"), "t.tsv: line 2: the document is empty");
  EXPECT_EQ(parse_error("text\tlabel\n\tb\n\tc\n"),
            "t.tsv: there is no example in it; all 2 documents are empty");
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

TEST(Table, EmptyRowsAreLeftOutWithTheirPlaces) {
  const std::string rows = "text\tlabel\na\tx\n\ty\n  \tz\nb\tx\n\n\t\nc\ty\n";
  const auto e = parse_rows(rows);
  ASSERT_EQ(e.size(), 3);
  EXPECT_EQ(e.documents[1], "b");
  EXPECT_EQ(e.labels, (std::vector<int32_t>{0, 0, 1}));
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"x", "y"})) << "labels of rows that were read";
  EXPECT_EQ(e.place(1), "t.tsv: line 5");
  ASSERT_EQ(e.notes.size(), 1u);
  EXPECT_EQ(
      e.notes[0],
      "4 empty documents are left out: t.tsv: line 3; t.tsv: line 4; t.tsv: line 6 and 1 more "
      "(--empty refuse stops there)");
  ExamplesBuilder refusing(Empty::kRefuse);
  EXPECT_EQ(input_error([&] { parse_table(rows, "t.tsv", {}, refusing); }),
            "t.tsv: line 3: the document is empty");
}

TEST(Table, PairsMayHoldTabsAndLinesInsideQuotes) {
  TableSpec spec;
  spec.text2 = "b";
  const std::string head = "text,b,label\n";
  const auto e =
      parse_rows(head + "\"one\ttwo\",\"three\nfour\tfive\",x\nsix,seven,y\n", "t.csv", spec);
  EXPECT_EQ(e.texts(0), (std::array<std::string_view, 2>{"one\ttwo", "three\nfour\tfive"}));
  EXPECT_EQ(e.texts(1), (std::array<std::string_view, 2>{"six", "seven"}));
  EXPECT_EQ(subset(e, std::vector<int64_t>{1}).texts(0)[1], "seven");
  const auto half = head + "a,,x\nc,d,x\n,,y\n";
  EXPECT_EQ(parse_error(half, "t.csv", spec),
            "t.csv: line 2: a text of the pair is empty (--empty leave_out leaves such pairs out)");
  ExamplesBuilder leaving(Empty::kLeaveOut);
  parse_table(half, "t.csv", spec, leaving);
  const auto rest = leaving.finish();
  EXPECT_EQ(rest.size(), 1);
  EXPECT_TRUE(
      contains(rest.notes[0], "2 empty documents are left out: t.csv: line 2; t.csv: line 4"));
}

TEST(Table, SemicolonsAndQuotedNames) {
  const auto spreadsheet = parse_rows("text;label;n\na, b;x;1,5\n\"c;d\";y;2,5\n", "t.csv");
  EXPECT_EQ(spreadsheet.documents[0], "a, b");
  EXPECT_EQ(spreadsheet.documents[1], "c;d");
  EXPECT_EQ(spreadsheet.notes,
            (std::vector<std::string>{"t.csv: its cells are separated by semicolons"}));
  const auto write_csv2 =
      parse_rows("\"\";\"text\";\"label\"\n\"1\";\"a \"\"b\"\"\";\"x\"\n", "t.csv");
  EXPECT_EQ(write_csv2.documents[0], "a \"b\"");
  // A header that reads with commas stays as it was, whatever semicolons are in it.
  EXPECT_EQ(parse_rows("text,label,a;b\none;two,x,3\n", "t.csv").documents[0], "one;two");
  auto by_place = by_number();
  by_place.text = "2";
  EXPECT_EQ(parse_rows("x;a b\ny;c, d\n", "t.csv", by_place).documents[1], "c, d");
}

TEST(Table, NewDataIsReadAsTheTrainingDataWas) {
  TableSpec spec;
  spec.text = "1";
  spec.label = "";
  spec.label_in_training = "2";
  EXPECT_EQ(parse_rows("a;x\nb;y\n", "t.csv", spec).documents[0], "a");
  EXPECT_EQ(parse_rows("a; b\nc d\n", "one.tsv", spec).documents[0], "a; b") << "the text alone";
  EXPECT_EQ(parse_rows("a b\nc d\n", "one.csv", spec).documents[1], "c d") << "the text alone";
}

TEST(Table, SeparatorToldInTheFirstLine) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const auto e = parse_rows("sep=;" + end + "text;label" + end + "\"a;b\";x" + end, "t.csv");
    EXPECT_EQ(e.documents[0], "a;b");
    EXPECT_EQ(e.place(0), "t.csv: line 3");
  }
  EXPECT_EQ(parse_rows("sep=|\ntext|label\na|x\n", "t.dat").documents[0], "a");
}

TEST(Table, TabsWithQuotes) {
  // R and spreadsheets quote; a plain TSV does not.
  EXPECT_EQ(parse_rows("\"text\"\t\"label\"\n\"a\tb\"\t\"x\"\n").documents[0], "a\tb");
  EXPECT_EQ(parse_rows("text\tlabel\n\"a\"\tx\n").documents[0], "\"a\"");
  TableSpec spec;
  spec.from_spreadsheet = true;
  EXPECT_EQ(parse_rows("text\tlabel\n\"a \"\"b\"\"\"\tx\n", "t.txt", spec).documents[0], "a \"b\"");
  spec.from_spreadsheet = false;
  spec.format = "quoted_tsv";
  EXPECT_EQ(parse_rows("text\tlabel\n\"a\"\tx\n", "t.tsv", spec).documents[0], "a");
}

TEST(Table, CarriageReturnsAlone) {
  const auto e = parse_rows("text\tlabel\ra\tx\r\rb\ty\r");
  ASSERT_EQ(e.size(), 2);
  EXPECT_EQ(e.documents[1], "b");
  EXPECT_EQ(e.place(1), "t.tsv: line 4");
  // Rows end in carriage returns, and a line break stands inside quotes.
  const auto quoted = parse_rows("text,label\r\"a\nb\",x\rc,y\r", "t.csv");
  EXPECT_EQ(quoted.documents[0], "a\nb");
  EXPECT_EQ(quoted.place(1), "t.csv: line 3");
  EXPECT_EQ(parse_rows("text\tlabel\na\rb\tx\n").documents[0], "a\rb")
      << "data where lines end in \\n";
}

TEST(Table, ZeroAndHugeColumnNumbersAreErrors) {
  auto spec = by_number();
  spec.text = "0";
  EXPECT_TRUE(contains(parse_error("a\tb\n", "t.tsv", spec), "column 0 was asked for"));
  spec.text = "99999999999999999999999";
  EXPECT_TRUE(contains(parse_error("a\tb\n", "t.tsv", spec), "was asked for"));
}

TEST(Table, LabelUnseenInTrainingNamesItsPlace) {
  auto e = parse_rows("text\tlabel\na\tpos\nb\tneu\n");
  EXPECT_EQ(
      input_error([&] {
        map_labels(e, {"neg", "pos"});
      }),
      "t.tsv: line 3: label \"neu\" does not occur in the training data; did you mean \"neg\"?");
  auto fine = parse_rows("text\tlabel\na\tpos\nb\tpos\n");
  map_labels(fine, {"neg", "pos"});
  EXPECT_EQ(fine.labels, (std::vector<int32_t>{1, 1}));
}

}  // namespace
}  // namespace regard::data
