#include "regard/data/readers/table_rows.hpp"

#include <algorithm>

#include "regard/base/error.hpp"

namespace regard::data {

std::string at_line(const std::string& name, int64_t line) {
  return name + ": line " + std::to_string(line) + ": ";
}

TableRows::TableRows(std::string_view content, const std::string& name, char separator)
    : TableRows(content, name,
                Dialect{separator, separator != '\t', line_end_of(content, separator != '\t'), 1}) {
}

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
    next_line_ += std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(quote),
                             dialect_.line_end);
    text.append(rest_.substr(0, quote));
    rest_.remove_prefix(quote + 1);
    if (!rest_.starts_with('"')) break;
    text += '"';
    rest_.remove_prefix(1);
  }
  const bool ends = rest_.empty() || rest_[0] == dialect_.separator ||
                    rest_[0] == dialect_.line_end || rest_.starts_with("\r\n") || rest_ == "\r";
  if (!ends) {
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
    if (dialect_.quotes && rest_.starts_with('"')) {
      quoted_cell(cells.size());
      moved.push_back(cells.size());
      cells.emplace_back();
    } else {
      const char stops[] = {dialect_.separator, dialect_.line_end};
      const auto end = std::min(rest_.find_first_of(std::string_view(stops, 2)), rest_.size());
      cells.push_back(rest_.substr(0, end));
      rest_.remove_prefix(end);
    }
    if (rest_.starts_with(dialect_.separator)) {
      rest_.remove_prefix(1);
      continue;
    }
    auto& last = cells.back();
    if (dialect_.line_end == '\n') {
      if (last.ends_with('\r')) last.remove_suffix(1);
      if (rest_.starts_with('\r')) rest_.remove_prefix(1);
    }
    if (rest_.starts_with(dialect_.line_end)) {
      rest_.remove_prefix(1);
      ++next_line_;
    }
    break;
  }
  for (const auto cell : moved) cells[cell] = unquoted_[cell];
  return true;
}

}  // namespace regard::data
