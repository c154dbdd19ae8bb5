#include "regard/data/readers/json_lines.hpp"

#include <gtest/gtest.h>

#include "readers/helpers.hpp"

namespace regard::data {
namespace {

Examples parse_lines(const std::string& content, const std::string& name = "r.jsonl",
                     TableSpec spec = {}) {
  ExamplesBuilder builder;
  parse_table(content, name, spec, builder);
  return builder.finish();
}

std::string parse_error(const std::string& content, TableSpec spec = {}) {
  return input_error([&] { parse_lines(content, "r.jsonl", spec); });
}

TEST(JsonLines, KeysAreColumns) {
  const auto e = parse_lines(
      "{\"text\": \"a\\tb\\n\\u00e9\", \"label\": 1, \"id\": {\"x\": []}}\n\n"
      "{\"label\": true, \"text\": \"two\"}\r\n{\"label\": \" x \", \"text\": 3.5}");
  ASSERT_EQ(e.size(), 3);
  EXPECT_EQ(e.documents[0], "a\tb\n\xC3\xA9");
  EXPECT_EQ(e.documents[2], "3.5");
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"1", "true", "x"}));
  EXPECT_EQ(e.place(1), "r.jsonl: line 3");
}

TEST(JsonLines, AreKnownByNameFormatOrFirstCharacter) {
  const std::string row = "{\"text\": \"a\", \"label\": \"x\"}\n";
  EXPECT_EQ(parse_lines(row, "r.ndjson.gz").size(), 1);
  EXPECT_EQ(parse_lines(" \n" + row, "r.dat").documents[0], "a");
  TableSpec spec;
  spec.format = "jsonl";
  EXPECT_EQ(parse_lines(row, "r.tsv", spec).size(), 1);
  EXPECT_FALSE(is_json_lines(row, "r.tsv", {}));
}

TEST(JsonLines, EmptyTextsAndPairs) {
  const auto e = parse_lines(
      "{\"text\": null, \"label\": \"x\"}\n{\"text\": \" \", \"label\": \"x\"}\n{\"text\": \"a\", "
      "\"label\": \"x\"}\n");
  EXPECT_EQ(e.size(), 1);
  EXPECT_TRUE(
      contains(e.notes[0], "2 empty documents are left out: r.jsonl: line 1; r.jsonl: line 2"));
  TableSpec spec;
  spec.text2 = "b";
  spec.label = "";
  EXPECT_EQ(parse_lines("{\"text\": \"a\\tb\", \"b\": \"c\"}", "r.jsonl", spec).texts(0)[1], "c");
}

TEST(JsonLines, ErrorsNameLineAndKey) {
  EXPECT_EQ(parse_error("{\"text\": \"a\", \"lable\": \"x\"}"),
            "r.jsonl: line 1: no key \"label\"; did you mean \"lable\"?");
  EXPECT_EQ(parse_error("\n{\"text\": [1], \"label\": \"x\"}"),
            "r.jsonl: line 2: \"text\": a text was expected, and array came");
  EXPECT_EQ(parse_error("{\"text\": \"a\", \"label\": null}"),
            "r.jsonl: line 1: the label is empty");
  EXPECT_EQ(parse_error("[\"a\"]"), "r.jsonl: line 1: a JSON object was expected, and a list came");
  EXPECT_EQ(parse_error("{\"text\": \"a"),
            "r.jsonl: line 1: a JSON object was expected (one a line)");
  EXPECT_EQ(parse_error("{\"text\": \"\\ud800\", \"label\": 1}"),
            "r.jsonl: line 1: a JSON object was expected (one a line)");
  TableSpec same;
  same.label = "text";
  EXPECT_TRUE(contains(parse_error("{}", same), "text and label are the same key"));
}

}  // namespace
}  // namespace regard::data
