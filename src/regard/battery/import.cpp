#include "regard/battery/import.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/battery/import_parts.hpp"
#include "regard/battery/spikes.hpp"
#include "regard/report/table.hpp"

namespace regard::battery {
namespace fs = std::filesystem;

namespace {

struct Unit {
  const char *quantity, *unit;
  double factor;
};
constexpr Unit kUnits[] = {
    {"capacity", "Ah", 1},        {"capacity", "mAh", 1e-3}, {"nominal", "Ah", 1},
    {"nominal", "mAh", 1e-3},     {"voltage", "V", 1},       {"voltage", "mV", 1e-3},
    {"current", "A", 1},          {"current", "mA", 1e-3},   {"resistance", "ohm", 1},
    {"resistance", "mohm", 1e-3}, {"charge_time", "min", 1}, {"charge_time", "s", 1.0 / 60},
    {"charge_time", "h", 60},     {"temperature", "C", 1},
};

std::pair<std::string, std::string> split_assignment(const std::string& text,
                                                     const std::string& example) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw InputError("import: quantity=value was expected, as in " + example + ", and \"" + text +
                     "\" came");
  return {trim(text.substr(0, equals)), trim(text.substr(equals + 1))};
}

std::string extension(const fs::path& path) {
  auto text = path.extension().string();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_mat(const fs::path& path) {
  const auto e = extension(path);
  return e == ".mat" || e == ".h5" || e == ".hdf5";
}

bool is_table(const fs::path& path) {
  const auto e = extension(path);
  return e == ".csv" || e == ".tsv" || e == ".txt";
}

std::vector<fs::path> files_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_regular_file() && (is_mat(entry) || is_table(entry))) files.push_back(entry);
  }
  std::sort(files.begin(), files.end());
  if (files.empty())
    throw InputError(
        path.string() +
        ": .csv, .tsv, .txt, .mat, .h5 or .hdf5 files were expected in this directory, "
        "and there is none");
  return files;
}

/// A first line in which every cell is a number or NaN is data: the wide layout.
bool looks_wide(const std::string& file, std::string_view content) {
  try {
    auto line = first_line(content);
    if (line.starts_with("sep=")) {
      const auto next = first_line(
          content.substr(static_cast<std::size_t>(line.data() + line.size() - content.data())));
      if (!next.empty())
        line = {line.data(), static_cast<std::size_t>(next.data() + next.size() - line.data())};
    }
    const CsvTable first(file, line, Header::kNo);
    for (std::size_t j = 0; j < first.width(); ++j) first.number(0, j);
  } catch (const InputError&) {
    return false;
  }
  return true;
}

void read_table(const fs::path& path, std::string_view content, const ImportSpec& spec,
                Sources& into, std::vector<std::string>& notes) {
  const auto file = path.string();
  if (spec.layout == Layout::kWide || (spec.layout == Layout::kAuto && looks_wide(file, content))) {
    read_wide(CsvTable(file, content, Header::kNo), path.stem().string(), spec, into);
    return;
  }
  const CsvTable table(file, content);
  const bool traces = table.find(spec.columns.name("voltage")) >= 0 &&
                      table.find(spec.columns.name("current")) >= 0;
  if (spec.layout == Layout::kTraces || (spec.layout == Layout::kAuto && traces)) {
    read_traces(table, spec, into, notes);
  } else {
    read_long(table, spec, into);
  }
}

/// Median of the first five capacities after cycle 1, which no single spike can move.
double first_capacity(const Cell& cell) {
  std::vector<double> first;
  for (std::size_t i = 0; i < cell.cycles() && first.size() < 5; ++i) {
    if (cell.cycle[i] > 1 || cell.cycles() == 1) first.push_back(cell.capacity_ah[i]);
  }
  return median(std::move(first));
}

void check_nominal(const Source& source) {
  const auto& cell = source.cell;
  const auto place = source.file + ", cell " + cell.name + ": ";
  if (!(cell.nominal_ah > 0) || !std::isfinite(cell.nominal_ah))
    throw InputError(place + "a nominal capacity above 0 Ah was expected, and " +
                     (std::isnan(cell.nominal_ah) ? "none" : shortest(cell.nominal_ah)) +
                     " came; --nominal gives it");
  const double first = first_capacity(cell);
  if (std::isnan(first)) return;
  if (first > 2 * cell.nominal_ah || first < 0.5 * cell.nominal_ah)
    throw InputError(place + "a nominal capacity near the first capacities, " +
                     report::fixed(first, 4) + " Ah, was expected (0.5 to 2 times), and " +
                     shortest(cell.nominal_ah) +
                     " Ah came; is the nominal capacity or the unit of the column another?");
}

void check_names(const Sources& sources) {
  std::map<std::string, std::string> seen;
  for (const auto& source : sources) {
    const auto [at, is_new] = seen.emplace(source.cell.name, source.file);
    if (!is_new)
      throw InputError(source.file + ": cell \"" + source.cell.name +
                       "\" was expected once, and it is also in " + at->second);
  }
}

void check_spec(const ImportSpec& spec) {
  if (spec.cycles_from != 0 && spec.cycles_from != 1)
    throw InputError("import: cycles numbered from 0 or 1 were expected, and from " +
                     std::to_string(spec.cycles_from) + " came");
  if (!(spec.grid.high_v > spec.grid.low_v) || spec.grid.points < 4)
    throw InputError("import: voltages of at least 4 points that fall were expected, and " +
                     shortest(spec.grid.high_v) + " to " + shortest(spec.grid.low_v) + " V in " +
                     std::to_string(spec.grid.points) + " points came");
}

Imported checked(Sources sources, std::vector<std::string> notes) {
  check_names(sources);
  Imported imported;
  imported.notes = std::move(notes);
  for (auto& source : sources) {
    check_nominal(source);
    imported.cells.push_back(std::move(source.cell));
  }
  return imported;
}

}  // namespace

Layout layout_from_text(const std::string& text) {
  const std::vector<std::string> names = {"auto", "long", "traces", "wide", "mat"};
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end())
    throw InputError("layout: unknown \"" + text + "\"" + suggestion(text, names));
  return static_cast<Layout>(found - names.begin());
}

Columns::Columns()
    : column_{{"cell", {"cell", "", 1}},
              {"cycle", {"cycle", "", 1}},
              {"capacity", {"capacity_ah", "Ah", 1}},
              {"nominal", {"nominal_ah", "Ah", 1}},
              {"voltage", {"voltage_v", "V", 1}},
              {"current", {"current_a", "A", 1}},
              {"resistance", {"resistance_ohm", "ohm", 1}},
              {"temperature", {"temperature_c", "C", 1}},
              {"charge_time", {"charge_time_min", "min", 1}}} {}

void Columns::rename(const std::string& assignment) {
  const auto [quantity, name] = split_assignment(assignment, "capacity=Discharge_Capacity");
  std::vector<std::string> known;
  for (const auto& [key, column] : column_) known.push_back(key);
  const auto found = column_.find(quantity);
  if (found == column_.end())
    throw InputError("column: unknown quantity \"" + quantity + "\"" + suggestion(quantity, known));
  found->second.name = name;
}

void Columns::set_unit(const std::string& assignment) {
  const auto [quantity, unit] = split_assignment(assignment, "capacity=mAh");
  std::vector<std::string> units, quantities;
  for (const auto& u : kUnits) {
    if (quantities.empty() || quantities.back() != u.quantity) quantities.push_back(u.quantity);
    if (u.quantity != quantity) continue;
    units.push_back(u.unit);
    if (u.unit != unit) continue;
    auto& column = column_.at(quantity);
    column.unit = unit;
    column.factor = u.factor;
    return;
  }
  if (units.empty())
    throw InputError("unit: unknown quantity \"" + quantity + "\"" +
                     suggestion(quantity, quantities));
  throw InputError("unit of " + quantity + ": " + join(units, " or ") + " was expected, and \"" +
                   unit + "\" came");
}

Imported import_cells(const fs::path& path, const ImportSpec& spec) {
  if (!fs::exists(path)) throw InputError(path.string() + ": no such file or directory");
  check_spec(spec);
  Sources sources;
  std::vector<std::string> notes;
  for (const auto& file : files_of(path)) {
    if (spec.layout == Layout::kMat || (spec.layout == Layout::kAuto && is_mat(file))) {
      read_mat(file, spec, sources, notes);
    } else {
      read_table(file, read_file(file), spec, sources, notes);
    }
  }
  return checked(std::move(sources), std::move(notes));
}

Imported import_table(const fs::path& path, std::string_view content, const ImportSpec& spec) {
  check_spec(spec);
  Sources sources;
  std::vector<std::string> notes;
  read_table(path, content, spec, sources, notes);
  return checked(std::move(sources), std::move(notes));
}

}  // namespace regard::battery
