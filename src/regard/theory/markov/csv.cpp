#include "regard/theory/markov/csv.hpp"

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/table_rows.hpp"
#include "regard/data/readers/text.hpp"

namespace regard::markov {

Csv read_csv(const std::string& path) {
  const auto content = read_file(path);
  const auto text = data::without_byte_order_mark(content, path);
  const auto first = text.substr(0, text.find('\n'));
  const char separator = first.find(',') != first.npos    ? ','
                         : first.find(';') != first.npos  ? ';'
                         : first.find('\t') != first.npos ? '\t'
                                                          : ',';
  data::TableRows rows(text, path, separator);
  Csv csv;
  std::vector<std::string_view> cells;
  while (rows.next(cells)) {
    if (cells.size() == 1 && trim(cells[0]).empty()) continue;
    CsvRow row{rows.line(), {}};
    for (const auto cell : cells) row.cells.push_back(trim(cell));
    csv.rows.push_back(std::move(row));
  }
  if (csv.rows.empty()) throw InputError(path + ": the file is empty");
  return csv;
}

std::string place(const std::string& path, const CsvRow& row) {
  return path + ": line " + std::to_string(row.line);
}

void check_width(const CsvRow& row, std::size_t width, const std::string& path) {
  if (row.cells.size() == width) return;
  throw InputError(place(path, row) + ": " + std::to_string(width) +
                   " columns, as in the first row, are expected, and " +
                   std::to_string(row.cells.size()) + " came");
}

}  // namespace regard::markov
