// A table of numbers and words from a CSV or TSV file; every fault names the file, the line and the
// column.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace regard::battery {

enum class Header { kYes, kNo };

/// The first line that is not blank, without its end.
std::string_view first_line(std::string_view content);

class CsvTable {
 public:
  /// Reads the whole file, separated by the one of TAB, comma, semicolon that its first line holds
  /// (of commas and semicolons:
  /// semicolons if the second line can hold decimal commas), or by X after a first line "sep=X". A
  /// byte order mark and blank lines are dropped. InputError when the file is empty, a row has more
  /// or fewer cells than the first, or a name comes twice.
  explicit CsvTable(const std::filesystem::path& path, Header header = Header::kYes);
  /// The same of the content of a file; `file` is its name in sentences.
  CsvTable(std::string file, std::string_view content, Header header = Header::kYes);

  std::size_t rows() const { return lines_.size(); }
  std::size_t width() const { return width_; }
  const std::vector<std::string>& names() const { return names_; }

  /// The index of the column, or -1. Case counts only where names differ in nothing else.
  int64_t find(std::string_view name) const;
  /// The index of the column; InputError with the nearest name.
  std::size_t column(std::string_view name) const;

  const std::string& text(std::size_t row, std::size_t column) const {
    return cells_[row * width_ + column];
  }
  /// A number; kMissing for "" and "NaN"; InputError for anything else. "1,5" is a number where
  /// commas do not separate.
  double number(std::size_t row, std::size_t column) const;
  /// A finite number; InputError also where nothing stands.
  double finite(std::size_t row, std::size_t column) const;
  /// A whole number ("12" or "12.0").
  int64_t whole(std::size_t row, std::size_t column) const;

  /// "cells.csv, line 12, column capacity_ah".
  std::string place(std::size_t row, std::size_t column) const;
  /// "cells.csv, line 12".
  std::string place(std::size_t row) const;
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::vector<std::string> names_, cells_;  // cells: row-major
  std::vector<int64_t> lines_;              // line of each row, from 1
  std::size_t width_ = 0;
  char separator_ = ',';
};

}  // namespace regard::battery
