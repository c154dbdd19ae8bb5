#include "regard/battery/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/battery/cell.hpp"
#include "regard/data/readers/table.hpp"
#include "regard/data/readers/text.hpp"

namespace regard::battery {
namespace {

bool is_missing(std::string_view text) {
  return text.empty() || text == "NaN" || text == "nan" || text == "NA" || text == "NAN";
}

/// Of a line, outside quotes; `most` is the most commas between two semicolons.
struct Counts {
  int64_t semicolons = 0, commas = 0, most = 0;
};

Counts count(std::string_view line) {
  Counts counts;
  int64_t between = 0;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (quoted || (c != ';' && c != ',')) continue;
    between = c == ';' ? 0 : between + 1;
    ++(c == ';' ? counts.semicolons : counts.commas);
    counts.most = std::max(counts.most, between);
  }
  return counts;
}

/// TAB where the first line has one. Where it has commas and semicolons, the semicolon separates if
/// the second line has as many, with at most one comma, a decimal one, in each cell.
char separator_of(std::string_view body) {
  const auto first = first_line(body);
  if (first.find('\t') != std::string_view::npos) return '\t';
  const auto names = count(first);
  if (names.semicolons == 0 || names.commas == 0) return names.semicolons > 0 ? ';' : ',';
  body.remove_prefix(static_cast<std::size_t>(first.data() + first.size() - body.data()));
  const auto second = first_line(body).empty() ? first : first_line(body);
  const auto cells = count(second);
  return cells.semicolons == names.semicolons && cells.most <= 1 ? ';' : ',';
}

/// The separator of a first line "sep=;", as spreadsheets write it, or 0.
char told_separator(std::string_view line) {
  const bool told = line.size() == 5 && line.starts_with("sep=");
  return told && std::string_view("\t,;|").find(line[4]) != std::string_view::npos ? line[4] : 0;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// How `text` is shown in a sentence: short, and quoted.
std::string shown(const std::string& text) {
  return text.empty() ? "nothing"
                      : "\"" + text.substr(0, 40) + (text.size() > 40 ? "..." : "") + "\"";
}

}  // namespace

std::string_view first_line(std::string_view content) {
  const auto begin = content.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) return {};
  content.remove_prefix(begin);
  return content.substr(0, content.find_first_of("\r\n"));
}

CsvTable::CsvTable(const std::filesystem::path& path, Header header)
    : CsvTable(path.string(), read_file(path), header) {}

CsvTable::CsvTable(std::string file, std::string_view content, Header header)
    : file_(std::move(file)) {
  const auto body = data::without_byte_order_mark(content, file_);
  const auto line = first_line(body);
  bool skip = told_separator(line) != 0;
  separator_ = skip ? told_separator(line) : separator_of(body);
  data::TableRows reader(body, file_, separator_);
  std::vector<std::string_view> row;
  while (reader.next(row)) {
    if (row.size() == 1 && trim(row[0]).empty()) continue;
    if (std::exchange(skip, false)) continue;
    if (width_ == 0) width_ = row.size();
    if (row.size() != width_) {
      throw InputError(file_ + ", line " + std::to_string(reader.line()) + ": " +
                       std::to_string(width_) + " cells were expected, as in the first line, and " +
                       std::to_string(row.size()) + " came");
    }
    const bool names = header == Header::kYes && names_.empty();
    for (const auto cell : row) (names ? names_ : cells_).push_back(trim(cell));
    if (!names) lines_.push_back(reader.line());
  }
  if (lines_.empty()) {
    throw InputError(file_ + ": rows were expected, and " +
                     (names_.empty() ? "the file is empty" : "there is only the line of names"));
  }
  for (std::size_t i = 0; i < names_.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (names_[i] == names_[j] && !names_[i].empty())
        throw InputError(file_ + ", line 1: column \"" + names_[i] + "\" comes twice");
    }
  }
}

int64_t CsvTable::find(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i] == name) return static_cast<int64_t>(i);
  }
  int64_t found = -1;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (lower(names_[i]) != lower(name)) continue;
    if (found >= 0) return -1;
    found = static_cast<int64_t>(i);
  }
  return found;
}

std::size_t CsvTable::column(std::string_view name) const {
  const auto found = find(name);
  if (found < 0)
    throw InputError(file_ + ": a column \"" + std::string(name) + "\" was expected" +
                     suggestion(name, names_));
  return static_cast<std::size_t>(found);
}

double CsvTable::number(std::size_t row, std::size_t column) const {
  auto cell = text(row, column);
  if (is_missing(cell)) return kMissing;
  // Where commas do not separate, a comma is a decimal comma.
  if (separator_ != ',' && cell.find('.') == std::string::npos && cell.find(',') == cell.rfind(','))
    std::replace(cell.begin(), cell.end(), ',', '.');
  double value = 0;
  const char* first = cell.data() + (cell[0] == '+' ? 1 : 0);
  const auto [end, error] = std::from_chars(first, cell.data() + cell.size(), value);
  if (error != std::errc{} || end != cell.data() + cell.size() || std::isinf(value))
    throw InputError(place(row, column) + ": a number was expected, and " +
                     shown(text(row, column)) + " came");
  return value;
}

double CsvTable::finite(std::size_t row, std::size_t column) const {
  const double value = number(row, column);
  if (std::isnan(value))
    throw InputError(place(row, column) + ": a number was expected, and " +
                     shown(text(row, column)) + " came");
  return value;
}

int64_t CsvTable::whole(std::size_t row, std::size_t column) const {
  const double value = finite(row, column);
  if (value != std::floor(value) || std::abs(value) > 9e15)
    throw InputError(place(row, column) + ": a whole number was expected, and " +
                     shown(text(row, column)) + " came");
  return static_cast<int64_t>(value);
}

std::string CsvTable::place(std::size_t row) const {
  return file_ + ", line " + std::to_string(lines_[row]);
}

std::string CsvTable::place(std::size_t row, std::size_t column) const {
  return place(row) + ", column " +
         (column < names_.size() && !names_[column].empty() ? names_[column]
                                                            : std::to_string(column + 1));
}

}  // namespace regard::battery
