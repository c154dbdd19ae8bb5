// Tables of text: CSV (RFC 4180: quotes, doubled quotes, line breaks inside quotes), TSV (no
// quotes), what spreadsheets and statistics programs make of them (semicolons, quoted TSV, a first
// line "sep=;"), and JSON lines.
#pragma once

#include <string>
#include <string_view>

#include "regard/base/spec.hpp"
#include "regard/data/readers/examples.hpp"
#include "regard/data/readers/table_rows.hpp"

namespace regard::data {

struct TableSpec {
  std::string text = "text";
  std::string text2;
  std::string target_text;
  std::string label = "label";
  std::string header = "auto";
  std::string format = "auto";
  void visit(Visitor& f) {
    f("text", text, "table: column of the text, by name or by number from 1");
    f("text2", text2,
      "table: column of a second text, for pairs of texts with one label (empty: none)");
    f("target_text", target_text,
      "table: column of the translation of the text (empty: none); no label is read then");
    f("label", label, "table: column of the label, by name or by number from 1");
    f("header", header,
      "table: whether line 1 holds names; auto: yes, when a column is given by name",
      {"auto", "yes", "no"});
    f("format", format,
      "table: auto takes the file's extension, else the first line, and other separators where the "
      "columns are found with these alone",
      {"auto", "tsv", "csv", "quoted_tsv", "semicolon", "jsonl"});
  }

  /// Hints beside the options. The option that named the second text.
  const char* second_option = "text2";
  /// Of data without labels: the label's column in training, which tells
  /// separators apart.
  std::string label_in_training;
  /// The text was UTF-16, so a table with tabs comes from a spreadsheet, which quotes cells.
  bool from_spreadsheet = false;
};

/// Whether the content is a table, or JSON lines, with the columns that `spec` names.
bool has_columns(std::string_view content, const std::string& name, const TableSpec& spec);

/// Adds the rows of one table or of JSON lines. An empty `spec.label` reads the text alone. Rows
/// without text are left out as
/// `into` says. A note where separators are not those of the file's name. InputError names file,
/// line and column.
void parse_table(std::string_view content, const std::string& name, const TableSpec& spec,
                 ExamplesBuilder& into);

}  // namespace regard::data
