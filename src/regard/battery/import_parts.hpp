// The readers behind import_cells, one for each layout; they check rows, import_cells checks whole
// cells.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "regard/battery/csv.hpp"
#include "regard/battery/import.hpp"

namespace regard::battery {

/// A cell with the file that it came from.
struct Source {
  Cell cell;
  std::string file;
};

using Sources = std::vector<Source>;

void read_long(const CsvTable& table, const ImportSpec& spec, Sources& into);
void read_wide(const CsvTable& table, const std::string& stem, const ImportSpec& spec,
               Sources& into);
void read_traces(const CsvTable& table, const ImportSpec& spec, Sources& into,
                 std::vector<std::string>& notes);
void read_mat(const std::filesystem::path& path, const ImportSpec& spec, Sources& into,
              std::vector<std::string>& notes);

/// The cycle number of a row, counted from 1; InputError when it is not whole, below 1, or not
/// above `before` (0: no row before). `least`: how much above, 1 for one row a cycle and 0 for
/// traces.
int64_t cycle_of(const CsvTable& table, std::size_t row, const ImportSpec& spec, int64_t before,
                 const std::string& cell, int64_t least);

/// InputError when the capacity of the next cycle cannot be one of this cell: a wrong unit, or
/// mixed units. A cell whose last capacity is below a fifth of nominal is dying, and may end at
/// nothing.
void check_capacity(double capacity_ah, const Cell& cell, const std::string& place,
                    const ImportSpec& spec);

/// The column of a quantity; InputError names the flag that takes another name.
std::size_t column_of(const CsvTable& table, const ImportSpec& spec, const std::string& quantity);

/// nominal capacity of a row: its column, else the specification.
double nominal_of(const CsvTable& table, std::size_t row, const ImportSpec& spec);

}  // namespace regard::battery
