// Points of a CSV file.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/theory/particles/starts.hpp"

namespace regard::particles {
namespace {

constexpr double kUnit = 1e-9;  // a length this near to 1 needs no word

std::vector<std::string> cells_of(std::string_view line) {
  const char separator = line.find(',') != line.npos    ? ','
                         : line.find(';') != line.npos  ? ';'
                         : line.find('\t') != line.npos ? '\t'
                                                        : ',';
  std::vector<std::string> cells;
  std::size_t at = 0;
  while (true) {
    const auto end = line.find(separator, at);
    auto cell = trim(line.substr(at, end == line.npos ? line.npos : end - at));
    if (cell.size() > 1 && cell.front() == '"' && cell.back() == '"')
      cell = cell.substr(1, cell.size() - 2);
    cells.push_back(cell);
    if (end == line.npos) return cells;
    at = end + 1;
  }
}

bool number_of(const std::string& cell, double& value) {
  const char* begin = cell.data() + (cell.size() > 1 && cell[0] == '+' ? 1 : 0);
  const char* end = cell.data() + cell.size();
  const auto [at, error] = std::from_chars(begin, end, value);
  return error == std::errc() && at == end;
}

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> lines;  // of each row, from 1
};

Table table_of(const std::string& path) {
  Table table;
  const auto content = read_file(path);
  std::string_view text = content;
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  for (std::size_t at = 0, line = 1; at < text.size(); ++line) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto one = text.substr(at, end - at);
    at = end + 1;
    if (trim(one).empty()) continue;
    auto cells = cells_of(one);
    double unused = 0;
    const bool words = std::none_of(cells.begin(), cells.end(),
                                    [&](const auto& cell) { return number_of(cell, unused); });
    if (table.rows.empty() && table.header.empty() && words) {
      table.header = std::move(cells);
    } else {
      table.rows.push_back(std::move(cells));
      table.lines.push_back(line);
    }
  }
  if (table.rows.empty()) throw InputError(path + ": no row of numbers was found");
  return table;
}

/// The index of the column of weights; the number of columns where there is none.
std::size_t weight_column(const Table& table, const std::string& path, const std::string& name) {
  const auto columns = table.rows.front().size();
  if (name.empty()) return columns;
  const auto found = std::find(table.header.begin(), table.header.end(), name);
  if (found != table.header.end()) return static_cast<std::size_t>(found - table.header.begin());
  double number = 0;
  if (number_of(name, number) && number >= 1 && number <= static_cast<double>(columns) &&
      number == std::floor(number)) {
    return static_cast<std::size_t>(number) - 1;
  }
  throw InputError(path + ": no column of weights \"" + name + "\"" +
                   (table.header.empty() ? "; there is no header, and a number from 1 to " +
                                               std::to_string(columns) + " is expected"
                                         : suggestion(name, table.header)));
}

}  // namespace

Start read_points(const std::string& path, const std::string& weights) {
  const auto table = table_of(path);
  const auto columns = table.rows.front().size();
  const auto weight_at = weight_column(table, path, weights);
  const auto dim = static_cast<int64_t>(columns) - (weight_at < columns ? 1 : 0);
  if (dim < 2) {
    throw InputError(path + ": vectors of at least 2 numbers are expected, and a row with " +
                     std::to_string(dim) + " came");
  }
  Start start;
  start.cloud.dim = dim;
  double total = 0;
  int64_t scaled = 0;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto place = path + ": line " + std::to_string(table.lines[r]) + ": ";
    const auto& cells = table.rows[r];
    if (cells.size() != columns) {
      throw InputError(place + std::to_string(columns) + " columns, as in the first row, are " +
                       "expected, and " + std::to_string(cells.size()) + " came");
    }
    double weight = 1, square = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      double value = 0;
      if (!number_of(cells[c], value) || !std::isfinite(value)) {
        throw InputError(place + "a number is expected in column " + std::to_string(c + 1) +
                         ", and \"" + cells[c] + "\" came");
      }
      if (c == weight_at) {
        weight = value;
      } else {
        start.cloud.x.push_back(value);
        square += value * value;
      }
    }
    if (!(weight > 0)) {
      throw InputError(place + "a weight above 0 is expected, and " + cells[weight_at] + " came");
    }
    if (!normalise(start.cloud.x.data() + start.cloud.x.size() - dim, dim)) {
      throw InputError(place + "a vector with a direction is expected, and the zero vector came");
    }
    scaled += std::abs(std::sqrt(square) - 1) > kUnit ? 1 : 0;
    start.cloud.mass.push_back(weight);
    total += weight;
  }
  for (auto& mass : start.cloud.mass) mass /= total;
  if (scaled > 0) {
    start.said.push_back(std::to_string(scaled) + " of " + std::to_string(table.rows.size()) +
                         " rows were scaled to length 1");
  }
  return start;
}

}  // namespace regard::particles
