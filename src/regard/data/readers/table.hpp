// Tables of text: CSV (RFC 4180: quotes, doubled quotes, line breaks inside quotes), TSV (no quotes), what spreadsheets and
// statistics programs make of them (semicolons, quoted TSV, a first line "sep=;"), and JSON lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/data/readers/dialect.hpp"
#include "regard/data/readers/examples.hpp"

namespace regard::data {

struct TableSpec {
  std::string text = "text";
  std::string text2;
  std::string label = "label";
  std::string header = "auto";
  std::string format = "auto";
  void visit(Visitor& f) {
    f("text", text, "table: column of the text, by name or by number from 1");
    f("text2", text2,
      "table: column of a second text, for pairs of texts with one label (empty: none)");
    f("label", label, "table: column of the label, by name or by number from 1");
    f("header", header,
      "table: whether line 1 holds names; auto: yes, when a column is given by name",
      {"auto", "yes", "no"});
    f("format", format,
      "table: auto takes the file's extension, else the first line, and other separators where the "
      "columns are found with these alone",
      {"auto", "tsv", "csv", "quoted_tsv", "semicolon", "jsonl"});
  }

  /// Hints beside the options. Of data without labels: the label's column in training, which tells separators apart.
  std::string label_in_training;
  /// The text was UTF-16, so a table with tabs comes from a spreadsheet, which quotes cells.
  bool from_spreadsheet = false;
};

/// Cells of one row after the other. The views hold until the next call.
class TableRows {
 public:
  TableRows(std::string_view content, const std::string& name, const Dialect& dialect)
      : rest_(content), name_(name), dialect_(dialect), next_line_(dialect.first_line) {}
  /// The dialect of `separator`: a table with tabs has no quotes.
  TableRows(std::string_view content, const std::string& name, char separator);
  /// False at the end. InputError when a quote is not closed or is followed by text.
  bool next(std::vector<std::string_view>& cells);
  /// Line on which the row of the last `next` begins, from 1.
  int64_t line() const { return line_; }

 private:
  std::string_view quoted_cell(std::size_t cell);
  std::string_view rest_;
  const std::string& name_;
  Dialect dialect_;
  int64_t line_ = 0, next_line_ = 1;
  std::vector<std::string> unquoted_;
};

/// Whether the content is a table, or JSON lines, with the columns that `spec` names.
bool has_columns(std::string_view content, const std::string& name, const TableSpec& spec);

/// Adds the rows of one table or of JSON lines. An empty `spec.label` reads the text alone. Rows without text are left out as
/// `into` says. A note where separators are not those of the file's name. InputError names file, line and column.
void parse_table(std::string_view content, const std::string& name, const TableSpec& spec,
                 ExamplesBuilder& into);

}  // namespace regard::data
