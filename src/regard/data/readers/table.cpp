#include "regard/data/readers/table.hpp"

#include <algorithm>
#include <charconv>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/json_lines.hpp"
#include "regard/data/readers/text.hpp"

namespace regard::data {
namespace {

// 0-based column for a number from 1, or -1 for a name.
int64_t column_number(const std::string& column) {
  int64_t number = 0;
  const auto* end = column.data() + column.size();
  const auto [at, error] = std::from_chars(column.data(), end, number);
  return error == std::errc() && at == end && number >= 0 ? number - 1 : -1;
}

bool is_number(const std::string& column) {
  return !column.empty() && column.find_first_not_of("0123456789") == std::string::npos;
}

std::string shown(std::string_view cell) {
  return cell.size() <= 24 ? std::string(cell) : std::string(cell.substr(0, 21)) + "...";
}

struct Place {
  const std::string& name;
  int64_t line;
  bool header;
};

std::size_t find_column(const std::string& column, const std::vector<std::string_view>& first,
                        const Place& place, const char* option) {
  if (is_number(column)) {
    const auto number = column_number(column);
    if (number < 0 || number >= static_cast<int64_t>(first.size())) {
      throw InputError(at_line(place.name, place.line) + "column " + column + " was asked for (" +
                       option + "), and there are " + std::to_string(first.size()) + " columns");
    }
    return static_cast<std::size_t>(number);
  }
  if (!place.header) {
    throw InputError(place.name + ": a table without a header has no column \"" + column +
                     "\"; give " + option + " as a number from 1");
  }
  const auto found = std::find(first.begin(), first.end(), column);
  if (found != first.end()) {
    if (std::find(found + 1, first.end(), column) != first.end()) {
      throw InputError(at_line(place.name, place.line) + "column \"" + column +
                       "\" stands there twice");
    }
    return static_cast<std::size_t>(found - first.begin());
  }
  std::vector<std::string> known;
  for (const auto cell : first) known.push_back(shown(cell));
  throw InputError(at_line(place.name, place.line) + "no column \"" + column + "\" (" + option +
                   ")" + suggestion(column, known) +
                   " (when the file has no header, give the columns as numbers from 1)");
}

// How many rows have to agree with a dialect that the file's name does not promise.
constexpr int64_t kRowsBelow = 20;

struct Columns {
  std::size_t count = 0, text = 0, text2 = 0, label = 0;
};

bool has_header(const TableSpec& spec) {
  const bool numbers = is_number(spec.text) && (spec.label.empty() || is_number(spec.label)) &&
                       (spec.text2.empty() || is_number(spec.text2));
  return spec.header == "yes" || (spec.header == "auto" && !numbers);
}

Columns find_columns(const TableSpec& spec, const std::vector<std::string_view>& first,
                     const Place& place) {
  const bool labelled = !spec.label.empty(), pairs = !spec.text2.empty();
  Columns columns;
  columns.count = first.size();
  columns.text = find_column(spec.text, first, place, "text");
  columns.label = labelled ? find_column(spec.label, first, place, "label") : columns.text;
  columns.text2 = pairs ? find_column(spec.text2, first, place, spec.second_option) : columns.text;
  if (pairs && (columns.text2 == columns.text || columns.text2 == columns.label)) {
    throw InputError(place.name + ": " + spec.second_option + " is the column \"" + spec.text2 +
                     "\", and text or label is the same");
  }
  if (labelled && columns.text == columns.label) {
    throw InputError(place.name + ": text and label are the same column, \"" + spec.text + "\"");
  }
  return columns;
}

// Whether the first row, read so, has every column that is asked for, and the rows below it have as
// many cells.
bool fits(std::string_view content, const std::string& name, const TableSpec& spec,
          const Dialect& dialect, int64_t rows_below) {
  try {
    TableRows rows(content, name, dialect);
    std::vector<std::string_view> cells;
    if (!rows.next(cells)) return false;
    const auto count = find_columns(spec, cells, {name, rows.line(), has_header(spec)}).count;
    for (int64_t i = 0; i < rows_below && rows.next(cells); ++i) {
      if (cells.size() != count && (cells.size() > 1 || !trim(cells[0]).empty())) return false;
    }
    return true;
  } catch (const InputError&) {
    return false;
  }
}

std::vector<Dialect> candidates(std::string_view content, const std::string& name,
                                const TableSpec& spec) {
  const char raw = line_end_of(content, false), outside = line_end_of(content, true);
  const Dialect tabs{'\t', false, raw}, quoted_tabs{'\t', true, outside},
      commas{',', true, outside}, semicolons{';', true, outside};
  if (spec.format == "tsv") return {tabs};
  if (spec.format == "quoted_tsv") return {quoted_tabs};
  if (spec.format == "csv") return {commas};
  if (spec.format == "semicolon") return {semicolons};
  const auto type = extension(name);
  const auto first = content.substr(0, content.find_first_of("\r\n"));
  const bool tab = first.find('\t') != std::string_view::npos;
  if (type == "csv" || (type != "tsv" && !tab)) return {commas, semicolons, quoted_tabs};
  if (spec.from_spreadsheet) return {quoted_tabs, tabs, commas, semicolons};
  return {tabs, quoted_tabs, commas, semicolons};
}

// The first dialect with which the columns are found. New data is tried as the training data was
// read first, label included.
Dialect choose_dialect(std::string_view content, const std::string& name, const TableSpec& spec,
                       ExamplesBuilder& into) {
  const auto all = candidates(content, name, spec);
  auto as_trained = spec;
  if (spec.label.empty()) as_trained.label = spec.label_in_training;
  for (const auto& wanted : {as_trained, spec}) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Dialect& dialect) {
      const bool usual =
          dialect.separator == all.front().separator && dialect.quotes == all.front().quotes;
      return fits(content, name, wanted, dialect, usual ? 0 : kRowsBelow);
    });
    if (found == all.end()) continue;
    if (found->separator != all.front().separator) {
      into.note(name + ": its cells are separated by " + separator_name(found->separator));
    }
    return *found;
  }
  return all.front();
}

// Takes the line "sep=X" off the front of `content`.
Dialect told_dialect(std::string_view& content) {
  const char separator = told_separator(content);
  skip_told_separator(content);
  return {separator, true, line_end_of(content, true), 2};
}

void check_no_nul(std::string_view content, const std::string& name) {
  const auto nul = content.find('\0');
  if (nul == std::string_view::npos) return;
  const auto before = content.substr(0, nul);
  const auto line = 1 + std::count(before.begin(), before.end(), line_end_of(before, false));
  throw InputError(at_line(name, line) + "a NUL byte; a table is text, in UTF-8");
}

void add_rows(TableRows& rows, const Columns& columns, const std::string& name,
              const TableSpec& spec, ExamplesBuilder& into) {
  std::vector<std::string_view> cells;
  while (rows.next(cells)) {
    if (cells.size() == 1 && columns.count > 1 && trim(cells[0]).empty()) {
      into.add_document("", rows.line());
      continue;
    }
    if (cells.size() != columns.count) {
      throw InputError(at_line(name, rows.line()) + std::to_string(cells.size()) +
                       " columns, and the first line has " + std::to_string(columns.count));
    }
    const bool added = spec.text2.empty()
                           ? into.add_document(cells[columns.text], rows.line())
                           : into.add_pair(cells[columns.text], cells[columns.text2], rows.line());
    if (added && !spec.label.empty()) into.add_label(trim(cells[columns.label]));
  }
}

}  // namespace

bool has_columns(std::string_view content, const std::string& name, const TableSpec& spec) {
  if (is_json_lines(content, name, spec)) return true;
  auto text_alone = spec;
  text_alone.label.clear();
  if (told_separator(content) != '\0') {
    const auto dialect = told_dialect(content);  // takes the line off `content`
    return fits(content, name, text_alone, dialect, 0);
  }
  const auto all = candidates(content, name, spec);
  return std::any_of(all.begin(), all.end(), [&](const Dialect& dialect) {
    return fits(content, name, text_alone, dialect, kRowsBelow);
  });
}

void parse_table(std::string_view content, const std::string& name, const TableSpec& spec,
                 ExamplesBuilder& into) {
  content = without_byte_order_mark(content, name);
  check_no_nul(content, name);
  into.begin_file(name);
  if (is_json_lines(content, name, spec)) return parse_json_lines(content, name, spec, into);
  const auto dialect = spec.format == "auto" && told_separator(content) != '\0'
                           ? told_dialect(content)
                           : choose_dialect(content, name, spec, into);
  TableRows first(content, name, dialect), rows(content, name, dialect);
  std::vector<std::string_view> cells;
  if (!first.next(cells)) throw InputError(name + ": the table is empty");
  const bool header = has_header(spec);
  const auto columns = find_columns(spec, cells, {name, first.line(), header});
  if (header) {
    rows.next(cells);
    if (!first.next(cells)) throw InputError(name + ": there is no row below the header");
  }
  add_rows(rows, columns, name, spec, into);
}

}  // namespace regard::data
