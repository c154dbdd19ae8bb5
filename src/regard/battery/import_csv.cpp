// Long and wide tables, and what rows of all tables share.
#include <cmath>
#include <map>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/battery/import_parts.hpp"
#include "regard/report/table.hpp"

namespace regard::battery {
namespace {

/// A quantity that not every file has, in our unit.
struct Optional {
  int64_t column = -1;
  double factor = 1;
  Optional(const CsvTable& table, const Columns& columns, const std::string& quantity)
      : column(table.find(columns.name(quantity))), factor(columns.factor(quantity)) {}
  void read(const CsvTable& table, std::size_t row, std::vector<double>& into) const {
    if (column >= 0) into.push_back(factor * table.number(row, static_cast<std::size_t>(column)));
  }
};

std::string stem_of(const CsvTable& table) {
  return std::filesystem::path(table.file()).stem().string();
}

}  // namespace

int64_t cycle_of(const CsvTable& table, std::size_t row, const ImportSpec& spec, int64_t before,
                 const std::string& cell, int64_t least) {
  const auto column = column_of(table, spec, "cycle");
  const auto shift = 1 - spec.cycles_from;
  const auto cycle = table.whole(row, column) + shift;
  if (cycle < 1)
    throw InputError(table.place(row, column) + ": a cycle number from " +
                     std::to_string(spec.cycles_from) + " was expected, and " +
                     table.text(row, column) + " came" +
                     (cycle == 0 ? "; --cycles-from 0 counts from 0" : ""));
  if (before > 0 && cycle < before + least)
    throw InputError(table.place(row, column) + ": a cycle number " +
                     (least == 1 ? "above " : "of at least ") + std::to_string(before - shift) +
                     ", the one before of cell " + cell + ", was expected, and " +
                     table.text(row, column) +
                     " came; the rows are out of order, or the cell comes twice");
  return cycle;
}

std::size_t column_of(const CsvTable& table, const ImportSpec& spec, const std::string& quantity) {
  const auto& name = spec.columns.name(quantity);
  const auto found = table.find(name);
  if (found < 0)
    throw InputError(table.file() + ": a column \"" + name + "\" was expected (--column " +
                     quantity + "=NAME takes another)" + suggestion(name, table.names()));
  return static_cast<std::size_t>(found);
}

void check_capacity(double capacity_ah, const Cell& cell, const std::string& place,
                    const ImportSpec& spec) {
  const double nominal_ah = cell.nominal_ah;
  const bool dying = !cell.capacity_ah.empty() && cell.capacity_ah.back() < nominal_ah / 5;
  const auto& unit = spec.columns.unit("capacity");
  const double factor = spec.columns.factor("capacity");
  const auto in_file = [&](double ah) { return report::fixed(ah / factor, 4) + " " + unit; };
  if (capacity_ah < 0)
    throw InputError(place + ": a capacity of at least 0 was expected, and " +
                     in_file(capacity_ah) + " came");
  if (!(nominal_ah > 0)) return;
  if (capacity_ah > 20 * nominal_ah)
    throw InputError(place + ": a capacity of at most " + in_file(20 * nominal_ah) +
                     " was expected for a cell of " + in_file(nominal_ah) + ", and " +
                     in_file(capacity_ah) + " came" +
                     (factor == 1
                          ? "; is it in mAh? --unit capacity=mAh says so for the whole column"
                          : "; is the column in Ah?"));
  if (capacity_ah > 0 && capacity_ah < nominal_ah / 100 && !dying)
    throw InputError(place + ": a capacity of at least " + in_file(nominal_ah / 100) +
                     " was expected for a cell of " + in_file(nominal_ah) + ", and " +
                     in_file(capacity_ah) + " came" +
                     (factor == 1 ? "" : "; is it in Ah? --unit capacity=Ah says so"));
}

double nominal_of(const CsvTable& table, std::size_t row, const ImportSpec& spec) {
  const auto column = table.find(spec.columns.name("nominal"));
  if (column < 0) return spec.nominal_ah;
  const auto at = static_cast<std::size_t>(column);
  const double nominal = spec.columns.factor("nominal") * table.finite(row, at);
  if (!(nominal > 0))
    throw InputError(table.place(row, at) + ": a nominal capacity above 0 was expected, and " +
                     table.text(row, at) + " came");
  return nominal;
}

void read_long(const CsvTable& table, const ImportSpec& spec, Sources& into) {
  const auto& columns = spec.columns;
  const auto name = table.find(columns.name("cell"));
  const auto capacity = column_of(table, spec, "capacity");
  column_of(table, spec, "cycle");
  const Optional resistance(table, columns, "resistance"),
      temperature(table, columns, "temperature"), charge_time(table, columns, "charge_time");
  std::map<std::string, std::size_t> known;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const auto cell_name =
        name < 0 ? stem_of(table) : table.text(r, static_cast<std::size_t>(name));
    if (cell_name.empty())
      throw InputError(table.place(r, static_cast<std::size_t>(name)) +
                       ": the name of a cell was expected, and nothing came");
    const auto [at, is_new] = known.emplace(cell_name, into.size());
    if (is_new) {
      into.push_back({{}, table.file()});
      into.back().cell.name = cell_name;
      into.back().cell.nominal_ah = nominal_of(table, r, spec);
    }
    auto& cell = into[at->second].cell;
    cell.cycle.push_back(
        cycle_of(table, r, spec, cell.cycle.empty() ? 0 : cell.cycle.back(), cell_name, 1));
    const double ah = columns.factor("capacity") * table.finite(r, capacity);
    check_capacity(ah, cell, table.place(r, capacity), spec);
    cell.capacity_ah.push_back(ah);
    resistance.read(table, r, cell.resistance_ohm);
    if (!cell.resistance_ohm.empty() && !(cell.resistance_ohm.back() > 0))
      cell.resistance_ohm.back() = kMissing;
    temperature.read(table, r, cell.temperature_c);
    charge_time.read(table, r, cell.charge_time_min);
  }
}

void read_wide(const CsvTable& table, const std::string& stem, const ImportSpec& spec,
               Sources& into) {
  for (std::size_t r = 0; r < table.rows(); ++r) {
    Cell cell;
    cell.name = table.rows() == 1 ? stem : stem + "_row" + std::to_string(r + 1);
    cell.nominal_ah = spec.nominal_ah;
    std::size_t gap = 0;  // a column of NaN after the record began, from 1
    for (std::size_t j = 0; j < table.width(); ++j) {
      const double capacity = spec.columns.factor("capacity") * table.number(r, j);
      if (std::isnan(capacity)) {
        if (!cell.cycle.empty() && gap == 0) gap = j + 1;
        continue;
      }
      if (gap > 0)
        throw InputError(table.place(r, gap - 1) +
                         ": a number was expected, since the record goes on in column " +
                         std::to_string(j + 1) + ", and " +
                         (table.text(r, gap - 1).empty() ? "nothing" : table.text(r, gap - 1)) +
                         " came");
      check_capacity(capacity, cell, table.place(r, j), spec);
      cell.cycle.push_back(static_cast<int64_t>(j) + 1);
      cell.capacity_ah.push_back(capacity);
    }
    if (cell.cycle.empty())
      throw InputError(table.place(r) + ": capacities were expected, and the row has none");
    into.push_back({std::move(cell), table.file()});
  }
}

}  // namespace regard::battery
