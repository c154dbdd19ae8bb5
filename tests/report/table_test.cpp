#include "regard/report/table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "regard/base/error.hpp"

namespace regard::report {
namespace {

Table small() {
  Table table;
  table.columns = {{"phrase", "attention", "", Align::kLeft},
                   {"loss", "loss", "nats"},
                   {"memory", "memory", "MiB"}};
  table.rows = {{word("window(width=8)"), interval({1.8, 0.0123, 3}, 3), number(12, 0)},
                {word("a,\"b\"|c"), interval({11.25, kAbsent, 1}, 3), number(kAbsent, 0)}};
  return table;
}

TEST(Table, TextIsAligned) {
  EXPECT_EQ(to_text(small()),
            "attention                 loss  memory\n"
            "                          nats     MiB\n"
            "───────────────  ─────────────  ──────\n"
            "window(width=8)  1.800 ± 0.012      12\n"
            "a,\"b\"|c                 11.250       –\n");
}

TEST(Table, TextIsCutWhereTheTerminalEnds) {
  EXPECT_EQ(to_text(small(), 34),
            "attention                 loss\n"
            "                          nats\n"
            "───────────────  ─────────────\n"
            "window(width=8)  1.800 ± 0.012\n"
            "a,\"b\"|c                 11.250\n"
            "\n"
            "attention        memory\n"
            "                    MiB\n"
            "───────────────  ──────\n"
            "window(width=8)      12\n"
            "a,\"b\"|c               –\n");
}

TEST(Table, MarkdownEscapesBars) {
  EXPECT_EQ(to_markdown(small()),
            "| attention | loss (nats) | memory (MiB) |\n"
            "|---|--:|--:|\n"
            "| window(width=8) | 1.800 ± 0.012 | 12 |\n"
            "| a,\"b\"\\|c | 11.250 | – |\n");
}

TEST(Table, CsvKeepsAllDigitsAndQuotes) {
  EXPECT_EQ(to_csv(small()),
            "phrase,loss,loss_half,memory\r\n"
            "window(width=8),1.8,0.0123,12\r\n"
            "\"a,\"\"b\"\"|c\",11.25,,\r\n");
}

TEST(Table, JsonHasNullWhereNothingIsKnown) {
  const auto json = nlohmann::json::parse(to_json(small()));
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0]["loss"], 1.8);
  EXPECT_EQ(json[0]["loss_half"], 0.0123);
  EXPECT_TRUE(json[1]["loss_half"].is_null());
  EXPECT_TRUE(json[1]["memory"].is_null());
  EXPECT_EQ(json[1]["phrase"], "a,\"b\"|c");
}

TEST(Table, RefusesARowOfAnotherLength) {
  auto table = small();
  table.rows[1].pop_back();
  try {
    to_text(table);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "table: each row has 3 cells, and one has 2");
  }
}

TEST(Table, ZeroHasNoSign) {
  EXPECT_EQ(fixed(-0.0001, 3), "0.000");
  EXPECT_EQ(fixed(-0.0006, 3), "-0.001");
  EXPECT_EQ(display_width("±–é"), 3);
}

}  // namespace
}  // namespace regard::report
