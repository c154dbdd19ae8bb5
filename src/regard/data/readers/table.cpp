#include "regard/data/readers/table.hpp"

#include <algorithm>
#include <charconv>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/text.hpp"

namespace regard::data {
namespace {

std::string at_line(const std::string& name, int64_t line) {
  return name + ": line " + std::to_string(line) + ": ";
}

char separator_of(std::string_view content, const std::string& name, const TableSpec& spec) {
  auto format = spec.format;
  if (format == "auto") format = extension(name);
  if (format == "tsv") return '\t';
  if (format == "csv") return ',';
  const auto first = content.substr(0, content.find('\n'));
  return first.find('\t') != std::string_view::npos ? '\t' : ',';
}

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

}  // namespace

std::string_view TableRows::quoted_cell(std::size_t cell) {
  if (unquoted_.size() <= cell) unquoted_.resize(cell + 1);
  auto& text = unquoted_[cell];
  text.clear();
  rest_.remove_prefix(1);
  while (true) {
    const auto quote = rest_.find('"');
    if (quote == std::string_view::npos) {
      throw InputError(at_line(name_, line_) + "column " + std::to_string(cell + 1) +
                       ": the quote is not closed");
    }
    next_line_ +=
        std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(quote), '\n');
    text.append(rest_.substr(0, quote));
    rest_.remove_prefix(quote + 1);
    if (!rest_.starts_with('"')) break;
    text += '"';
    rest_.remove_prefix(1);
  }
  if (!rest_.empty() && rest_[0] != separator_ && rest_[0] != '\n' && !rest_.starts_with("\r\n") &&
      rest_ != "\r") {
    throw InputError(at_line(name_, line_) + "column " + std::to_string(cell + 1) +
                     ": text follows the closing quote (a quote inside quotes is doubled)");
  }
  return text;
}

bool TableRows::next(std::vector<std::string_view>& cells) {
  cells.clear();
  if (rest_.find_first_not_of("\r\n") == std::string_view::npos) return false;
  line_ = next_line_;
  // Which cells were unquoted is settled at the end: `unquoted_` may move while it grows.
  std::vector<std::size_t> moved;
  while (true) {
    if (separator_ == ',' && rest_.starts_with('"')) {
      quoted_cell(cells.size());
      moved.push_back(cells.size());
      cells.emplace_back();
    } else {
      const char stops[] = {separator_, '\n'};
      const auto end = std::min(rest_.find_first_of(std::string_view(stops, 2)), rest_.size());
      cells.push_back(rest_.substr(0, end));
      rest_.remove_prefix(end);
    }
    if (rest_.starts_with(separator_)) {
      rest_.remove_prefix(1);
      continue;
    }
    auto& last = cells.back();
    if (last.ends_with('\r')) last.remove_suffix(1);
    if (rest_.starts_with('\r')) rest_.remove_prefix(1);
    if (rest_.starts_with('\n')) {
      rest_.remove_prefix(1);
      ++next_line_;
    }
    break;
  }
  for (const auto cell : moved) cells[cell] = unquoted_[cell];
  return true;
}

void parse_table(std::string_view content, const std::string& name, const TableSpec& spec,
                 ExamplesBuilder& into) {
  content = without_byte_order_mark(content, name);
  if (const auto nul = content.find('\0'); nul != std::string_view::npos) {
    const auto before = content.substr(0, nul);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    throw InputError(at_line(name, line) + "a NUL byte; a table is text, in UTF-8");
  }
  into.begin_file(name);
  TableRows rows(content, name, separator_of(content, name, spec));
  std::vector<std::string_view> cells;
  if (!rows.next(cells)) throw InputError(name + ": the table is empty");
  const bool labelled = !spec.label.empty();
  const bool pairs = !spec.text2.empty();
  const bool numbers = is_number(spec.text) && (!labelled || is_number(spec.label)) &&
                       (!pairs || is_number(spec.text2));
  const bool header = spec.header == "yes" || (spec.header == "auto" && !numbers);
  const Place place{name, rows.line(), header};
  const auto text = find_column(spec.text, cells, place, "text");
  const auto label = labelled ? find_column(spec.label, cells, place, "label") : text;
  const auto text2 = pairs ? find_column(spec.text2, cells, place, "text2") : text;
  if (pairs && (text2 == text || text2 == label)) {
    throw InputError(name + ": text2 is the column \"" + spec.text2 +
                     "\", and text or label is the same");
  }
  if (labelled && text == label) {
    throw InputError(name + ": text and label are the same column, \"" + spec.text + "\"");
  }
  const auto columns = cells.size();
  if (header && !rows.next(cells)) throw InputError(name + ": there is no row below the header");
  do {
    if (cells.size() != columns) {
      throw InputError(at_line(name, rows.line()) + std::to_string(cells.size()) +
                       " columns, and the first line has " + std::to_string(columns));
    }
    if (pairs) {
      into.add_pair(cells[text], cells[text2], rows.line());
    } else {
      into.add_document(cells[text], rows.line());
    }
    if (labelled) into.add_label(trim(cells[label]));
  } while (rows.next(cells));
}

}  // namespace regard::data
