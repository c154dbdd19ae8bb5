// Cells from files: CSV in long form, as traces or wide, .mat of version 7.3, or a directory of
// these.
//
//   long      cell,cycle,capacity_ah                                    a row for each cycle
//   traces    cell,cycle,voltage_v,current_a,capacity_ah                a row for each sample, in
//   order of time
//   wide      no names; a row for each cell, column j is cycle j, NaN where nothing was measured
//   mat       the layout of data.matr.io: batch/summary and batch/cycles with references
//
// Without a column for the cell, a file is one cell with the file's name. Every fault is an
// InputError that names file, line, column, what was expected and what came.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "regard/battery/cell.hpp"
#include "regard/battery/discharge.hpp"

namespace regard::battery {

enum class Layout { kAuto, kLong, kTraces, kWide, kMat };
Layout layout_from_text(
    const std::string& text);  // "auto", "long", "traces", "wide", "mat"; InputError

/// Name in the file and factor to our unit, for each quantity.
class Columns {
 public:
  /// cell, cycle, capacity (Ah), voltage (V), current (A), resistance (ohm), temperature (C),
  /// charge_time (min), nominal (Ah), named as in the table above.
  Columns();
  /// "capacity=Discharge_Capacity"; InputError for an unknown quantity.
  void rename(const std::string& assignment);
  /// "capacity=mAh", "charge_time=s": Ah or mAh, V or mV, A or mA, ohm or mohm, min, s or h;
  /// InputError.
  void set_unit(const std::string& assignment);

  const std::string& name(const std::string& quantity) const { return column_.at(quantity).name; }
  double factor(const std::string& quantity) const { return column_.at(quantity).factor; }
  const std::string& unit(const std::string& quantity) const { return column_.at(quantity).unit; }

 private:
  struct Column {
    std::string name, unit;
    double factor = 1;
  };
  std::map<std::string, Column> column_;
};

struct ImportSpec {
  Layout layout = Layout::kAuto;
  Columns columns;
  double nominal_ah = kMissing;  // where the file has no column for it
  int64_t cycles_from = 1;       // number that the file gives to the first cycle: 0 or 1
  DischargeSign discharge = DischargeSign::kNegative;
  VoltageGrid grid;
  int64_t curve_cycles = 100;  // Q(V) is kept up to this cycle
};

struct Imported {
  std::vector<Cell> cells;         // in the order of the files and of their rows
  std::vector<std::string> notes;  // what was left out and why, a sentence each
};

/// Reads a file, or the .csv, .tsv, .txt, .mat, .h5 and .hdf5 files of a directory in the order of
/// their names.
/// InputError for: an empty file; a missing column; NaN or no number; a cycle number that is
/// negative, not whole or not above the one before; a cell that comes twice; capacities beyond 20
/// times nominal or below a hundredth of it (a wrong or mixed unit); a nominal capacity that is not
/// positive, or not within 0.5 to 2 times the first capacities.
Imported import_cells(const std::filesystem::path& path, const ImportSpec& spec);

/// What import_cells finds in a .csv, .tsv or .txt file of this path with this content.
Imported import_table(const std::filesystem::path& path, std::string_view content,
                      const ImportSpec& spec);

}  // namespace regard::battery
