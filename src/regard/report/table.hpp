// A table once, printed as aligned text, Markdown, CSV or JSON.
#pragma once

#include <string>
#include <vector>

#include "regard/report/comparison.hpp"

namespace regard::report {

enum class Align { kLeft, kRight };

struct Column {
  std::string key;   // name for programs; a column of intervals also gets "<key>_half"
  std::string name;  // heading for people
  std::string unit;  // "" for none
  Align align = Align::kRight;
};

/// What people see, and the exact number behind it (kAbsent for words).
struct Cell {
  std::string text;
  double value = kAbsent, half = kAbsent;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::vector<std::string> notes;  // sentences below the table; `...` marks code

  void check() const;  // throws InputError when a row has not as many cells as there are columns
};

Cell word(std::string text);
Cell number(double value, int decimals);                               // "12.30", "–" when absent
Cell interval(const Interval& value, int decimals, double scale = 1);  // "1.804 ± 0.012"
std::string fixed(double value, int decimals);

/// Aligned columns. With `width` > 0, a table that is wider is cut into stacked parts that repeat
/// the first column.
std::string to_text(const Table& table, int width = 0);
std::string to_markdown(const Table& table);
std::string to_csv(const Table& table);          // RFC 4180; full precision
std::string csv_field(const std::string& text);  // in quotes where RFC 4180 asks for them
std::string to_json(const Table& table);  // an array with one object a row; absent numbers are null

/// Columns that a text takes in a terminal: code points, which is right for what the tables hold.
int display_width(const std::string& text);

}  // namespace regard::report
