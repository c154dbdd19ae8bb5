#include "regard/report/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "regard/base/error.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"

namespace regard::report {
namespace {

constexpr const char* kNothing = "–";
constexpr int kGap = 2;

std::string repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::string padded(const std::string& text, int width, Align align) {
  const std::string blanks(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ');
  return align == Align::kLeft ? text + blanks : blanks + text;
}

std::string without_trailing_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

using Columns = std::vector<std::size_t>;

std::vector<int> widths_of(const Table& table) {
  std::vector<int> widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    int width =
        std::max(display_width(table.columns[c].name), display_width(table.columns[c].unit));
    for (const auto& row : table.rows) width = std::max(width, display_width(row[c].text));
    widths.push_back(width);
  }
  return widths;
}

/// Greedy parts no wider than `width`; each starts with column 0 and has at least one more.
std::vector<Columns> parts_of(const std::vector<int>& widths, int width) {
  std::vector<Columns> parts(1);
  int used = 0;
  for (std::size_t c = 0; c < widths.size(); ++c) {
    if (width > 0 && parts.back().size() > 1 && used + kGap + widths[c] > width) {
      parts.push_back({0});
      used = widths[0];
    }
    parts.back().push_back(c);
    used += widths[c] + (c > 0 ? kGap : 0);
  }
  return parts;
}

template <class TextOf>
std::string line_of(const Table& table, const Columns& part, const std::vector<int>& widths,
                    const TextOf& text_of) {
  std::string line;
  for (const auto c : part) {
    if (!line.empty()) line += std::string(kGap, ' ');
    line += padded(text_of(c), widths[c], table.columns[c].align);
  }
  return without_trailing_blanks(line);
}

bool has_half(const Table& table, std::size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [&](const auto& row) { return std::isfinite(row[column].half); });
}

std::string heading(const Column& column) {
  return column.unit.empty() ? column.name : column.name + " (" + column.unit + ")";
}

}  // namespace

void Table::check() const {
  for (const auto& row : rows) {
    if (row.size() == columns.size()) continue;
    throw InputError("table: each row has " + std::to_string(columns.size()) +
                     " cells, and one has " + std::to_string(row.size()));
  }
}

Cell word(std::string text) { return {std::move(text), kAbsent, kAbsent}; }

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  // "-0.000" would claim a sign that the shown digits do not have.
  if (text[0] == '-' && std::string(text).find_first_not_of("-0.") == std::string::npos)
    return text + 1;
  return text;
}

Cell number(double value, int decimals) {
  if (!std::isfinite(value)) return {kNothing, kAbsent, kAbsent};
  return {fixed(value, decimals), value, kAbsent};
}

Cell interval(const Interval& value, int decimals, double scale) {
  auto cell = number(value.centre * scale, decimals);
  if (value.known()) {
    cell.half = value.half * scale;
    cell.text += " ± " + fixed(cell.half, decimals);
  }
  return cell;
}

int display_width(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string to_text(const Table& table, int width) {
  table.check();
  if (table.columns.empty()) return "";
  const auto widths = widths_of(table);
  const bool units = std::any_of(table.columns.begin(), table.columns.end(),
                                 [](const Column& c) { return !c.unit.empty(); });
  std::string text;
  for (const auto& part : parts_of(widths, width)) {
    if (!text.empty()) text += "\n";
    text += line_of(table, part, widths, [&](auto c) { return table.columns[c].name; });
    if (units) text += line_of(table, part, widths, [&](auto c) { return table.columns[c].unit; });
    text += line_of(table, part, widths, [&](auto c) { return repeat("─", widths[c]); });
    for (const auto& row : table.rows) {
      text += line_of(table, part, widths, [&](auto c) { return row[c].text; });
    }
  }
  return text;
}

std::string to_markdown(const Table& table) {
  table.check();
  const auto cell = [](const std::string& text) {
    std::string escaped;
    for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
    return " " + escaped + " |";
  };
  std::string names = "|", rule = "|", rows;
  for (const auto& column : table.columns) {
    names += cell(heading(column));
    rule += column.align == Align::kLeft ? "---|" : "--:|";
  }
  for (const auto& row : table.rows) {
    rows += "|";
    for (const auto& c : row) rows += cell(c.text);
    rows += "\n";
  }
  return names + "\n" + rule + "\n" + rows;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string to_csv(const Table& table) {
  table.check();
  std::string csv;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    csv += (c > 0 ? "," : "") + csv_field(table.columns[c].key);
    if (has_half(table, c)) csv += "," + csv_field(table.columns[c].key + "_half");
  }
  csv += "\r\n";
  const auto exact = [](double v) { return std::isfinite(v) ? shortest(v) : std::string(); };
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      const bool absent = !std::isfinite(row[c].value);
      csv += c > 0 ? "," : "";
      csv += !absent ? exact(row[c].value) : row[c].text == kNothing ? "" : csv_field(row[c].text);
      if (has_half(table, c)) csv += "," + exact(row[c].half);
    }
    csv += "\r\n";
  }
  return csv;
}

namespace {
// Counts are written as 3, not 3.0.
Json json_number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<int64_t>(value);
  return value;
}
}  // namespace

std::string to_json(const Table& table) {
  table.check();
  auto rows = Json::array();
  for (const auto& row : table.rows) {
    auto object = Json::object();
    for (std::size_t c = 0; c < row.size(); ++c) {
      const auto& key = table.columns[c].key;
      if (std::isfinite(row[c].value)) {
        object[key] = json_number(row[c].value);
      } else if (row[c].text == kNothing) {
        object[key] = nullptr;
      } else {
        object[key] = row[c].text;
      }
      if (!has_half(table, c)) continue;
      object[key + "_half"] = nullptr;
      if (std::isfinite(row[c].half)) object[key + "_half"] = row[c].half;
    }
    rows.push_back(object);
  }
  return rows.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace regard::report
