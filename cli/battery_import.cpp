// Flags of the battery commands that say how the user's files are laid out.
#include <cstdio>

#include "battery.hpp"
#include "flags.hpp"
#include "regard/base/error.hpp"

namespace regard::cli {

ImportFlags::ImportFlags(CLI::App& command) : values_(std::make_shared<Values>()) {
  auto& v = *values_;
  add_number(command, "--nominal", v.nominal,
             "nominal capacity (Ah), where the file has no column nominal_ah");
  command.add_option("--layout", v.layout, "auto, long, traces, wide or mat");
  command
      .add_option("--column", v.columns,
                  "name of a column, as capacity=Discharge_Capacity; quantities: cell, cycle, "
                  "capacity, voltage, current, resistance, temperature, charge_time, nominal")
      ->allow_extra_args(false);
  command
      .add_option("--unit", v.units,
                  "unit of a column, as capacity=mAh or charge_time=s (default: Ah, V, A, ohm, "
                  "C, min)")
      ->allow_extra_args(false);
  add_number(command, "--cycles-from", v.cycles_from, "number of the first cycle: 0 or 1");
  command.add_option("--discharge", v.discharge,
                     "traces: sign of the current under discharge, negative or positive");
  add_numbers(command, "--voltages", v.voltages, "traces: highest and lowest voltage of Q(V)")
      ->expected(2);
}

battery::ImportSpec ImportFlags::spec() const {
  battery::ImportSpec spec;
  spec.layout = battery::layout_from_text(values_->layout);
  for (const auto& column : values_->columns) spec.columns.rename(column);
  for (const auto& unit : values_->units) spec.columns.set_unit(unit);
  spec.nominal_ah = values_->nominal;
  if (spec.nominal_ah <= 0)
    throw InputError("--nominal: a capacity above 0 Ah was expected, and " +
                     std::to_string(spec.nominal_ah) + " came");
  spec.cycles_from = values_->cycles_from;
  if (values_->discharge == "positive") {
    spec.discharge = battery::DischargeSign::kPositive;
  } else if (values_->discharge != "negative") {
    throw InputError("--discharge: negative or positive was expected, and \"" + values_->discharge +
                     "\" came");
  }
  if (!values_->voltages.empty()) {
    spec.grid.high_v = values_->voltages[0];
    spec.grid.low_v = values_->voltages[1];
  }
  return spec;
}

std::vector<battery::Cell> ImportFlags::read(const std::string& path) const {
  auto imported = battery::import_cells(path, spec());
  for (const auto& note : imported.notes) std::fprintf(stderr, "regard: %s\n", note.c_str());
  return std::move(imported.cells);
}

}  // namespace regard::cli
