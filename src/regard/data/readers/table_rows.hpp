// The rows of a table and their cells, for any separator, with or without quotes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "regard/data/readers/dialect.hpp"

namespace regard::data {

/// "name: line 3: ", which begins the messages about a row.
std::string at_line(const std::string& name, int64_t line);

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

}  // namespace regard::data
