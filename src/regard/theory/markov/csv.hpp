// A small table of cells, each row with its line: chains and prompts.
#pragma once

#include <string>
#include <vector>

namespace regard::markov {

struct CsvRow {
  int64_t line = 0;  // from 1
  std::vector<std::string> cells;
};
struct Csv {
  std::vector<CsvRow> rows;  // at least one
};

/// Commas, semicolons or tabs, whichever the first line has; quotes as in RFC 4180; empty lines are
/// passed over. InputError for a file that is missing or empty.
Csv read_csv(const std::string& path);

/// "p.csv: line 3".
std::string place(const std::string& path, const CsvRow& row);

/// InputError where a row has not `width` cells.
void check_width(const CsvRow& row, std::size_t width, const std::string& path);

}  // namespace regard::markov
