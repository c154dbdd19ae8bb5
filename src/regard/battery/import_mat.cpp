// The layout of data.matr.io: a struct array `batch` with one element a cell.
//
//   batch/summary      references to groups: cycle, QDischarge (Ah), IR (ohm), Tavg (C), chargetime
//   (min)
//   batch/cycles       references to groups: Qdlin (Ah on 1000 voltages), or V, I, Qd; references
//   again, one a cycle
//   batch/cycle_life, policy_readable, barcode, Vdlin     references; each may be absent
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/battery/discharge.hpp"
#include "regard/battery/hdf5_file.hpp"
#include "regard/battery/import_parts.hpp"

namespace regard::battery {
namespace {

/// Field of cell `i`, or nothing where the file has no such field.
std::vector<Hdf5Object> field(const Hdf5Object& batch, const std::string& name, std::size_t cells) {
  if (!batch.has(name)) return {};
  const auto child = batch.child(name);
  auto all = child.references();
  if (all.size() != cells)
    throw InputError(child.place() + ": " + std::to_string(cells) +
                     " elements were expected, one a cell, and " + std::to_string(all.size()) +
                     " came");
  return all;
}

std::vector<double> column(const Hdf5Object& summary, const std::string& name, std::size_t rows,
                           bool required) {
  if (!required && !summary.has(name)) return {};
  const auto child = summary.child(name);
  auto values = child.numbers();
  if (values.size() != rows)
    throw InputError(child.place() + ": " + std::to_string(rows) +
                     " values were expected, one a cycle, and " + std::to_string(values.size()) +
                     " came");
  return values;
}

void read_summary(const Hdf5Object& summary, const ImportSpec& spec, Cell& cell,
                  std::vector<std::string>& notes) {
  const auto cycles = summary.child("cycle").numbers();
  const auto place = summary.child("cycle").place();
  const auto capacity = column(summary, "QDischarge", cycles.size(), true);
  const auto resistance = column(summary, "IR", cycles.size(), false);
  const auto temperature = column(summary, "Tavg", cycles.size(), false);
  const auto charge_time = column(summary, "chargetime", cycles.size(), false);
  std::size_t left_out = 0;
  double before = 0;
  for (std::size_t i = 0; i < cycles.size(); ++i) {
    if (!(cycles[i] > before) || cycles[i] != std::floor(cycles[i]))
      throw InputError(place + ", element " + std::to_string(i + 1) +
                       ": a whole cycle number above " +
                       std::to_string(static_cast<int64_t>(before)) + " was expected, and " +
                       std::to_string(cycles[i]) + " came");
    before = cycles[i];
    // The first cycle of some channels was not recorded and stands as 0.
    if (!(capacity[i] > 0)) {
      ++left_out;
      continue;
    }
    check_capacity(capacity[i], cell,
                   summary.place() + "/QDischarge, element " + std::to_string(i + 1), spec);
    cell.cycle.push_back(static_cast<int64_t>(cycles[i]));
    cell.capacity_ah.push_back(capacity[i]);
    if (!resistance.empty())
      cell.resistance_ohm.push_back(resistance[i] > 0 ? resistance[i] : kMissing);
    if (!temperature.empty()) cell.temperature_c.push_back(temperature[i]);
    if (!charge_time.empty()) cell.charge_time_min.push_back(charge_time[i]);
  }
  if (left_out > 0)
    notes.push_back(summary.place() + ", cell " + cell.name + ": " + std::to_string(left_out) +
                    " cycles without a capacity are left out");
  if (cell.cycle.empty())
    throw InputError(summary.place() + ": capacities were expected, and there is none");
}

/// Every voltage of the grid from Q(V) on falling voltages, linear in between.
std::vector<double> resampled(const std::vector<double>& voltage, const std::vector<double>& q,
                              const std::vector<double>& grid) {
  return capacity_on_grid({voltage, q}, grid);
}

class CurveReader {
 public:
  CurveReader(const Hdf5Object& cycles, const ImportSpec& spec, std::vector<double> voltage)
      : spec_(spec), voltage_(std::move(voltage)), grid_(spec.grid.voltages()) {
    if (cycles.has("Qdlin")) {
      q_ = cycles.child("Qdlin").references();
    } else if (cycles.has("V") && cycles.has("I") && cycles.has("Qd")) {
      v_ = cycles.child("V").references();
      i_ = cycles.child("I").references();
      q_ = cycles.child("Qd").references();
      if (v_.size() != q_.size() || i_.size() != q_.size())
        throw InputError(cycles.place() + ": V, I and Qd of the same cycles were expected, and " +
                         std::to_string(v_.size()) + ", " + std::to_string(i_.size()) + " and " +
                         std::to_string(q_.size()) + " came");
    }
  }

  void read(Cell& cell) const {
    cell.voltage.voltage_v = grid_;
    // Element j of `cycles` is cycle j + 1, whether the summary has that cycle or not.
    for (const auto number : cell.cycle) {
      const auto j = static_cast<std::size_t>(number - 1);
      if (number > spec_.curve_cycles || j >= q_.size()) break;
      const auto curve = one(j, cell);
      if (curve.empty()) continue;
      cell.voltage.cycle.push_back(number);
      cell.voltage.capacity_ah.insert(cell.voltage.capacity_ah.end(), curve.begin(), curve.end());
    }
    if (cell.voltage.empty()) cell.voltage = {};
  }

 private:
  std::vector<double> one(std::size_t j, const Cell& cell) const {
    const auto q = q_[j].numbers();
    if (v_.empty()) {
      if (q.size() < 2) return {};
      auto voltage = voltage_;
      if (voltage.size() != q.size()) {
        if (!voltage.empty())
          throw InputError(q_[j].place() + ": " + std::to_string(voltage.size()) +
                           " values were expected, as in Vdlin, and " + std::to_string(q.size()) +
                           " came");
        for (std::size_t k = 0; k < q.size(); ++k)
          voltage.push_back(3.6 - 1.6 * static_cast<double>(k) / static_cast<double>(q.size() - 1));
      }
      return resampled(voltage, q, grid_);
    }
    const Trace trace = {v_[j].numbers(), i_[j].numbers(), q};
    if (trace.voltage_v.size() != q.size() || trace.current_a.size() != q.size())
      throw InputError(q_[j].place() + ": as many samples as of V and I were expected, and " +
                       std::to_string(q.size()) + " came");
    CounterFall fall;
    const auto discharge = discharge_of(trace, spec_.discharge, 1e-3 * cell.nominal_ah, fall);
    if (fall.sample >= 0)
      throw InputError(q_[j].place() + ", element " + std::to_string(fall.sample + 1) +
                       ": a discharged capacity that does not fall was expected; " + fall.hint());
    return discharge.empty() ? std::vector<double>{} : capacity_on_grid(discharge, grid_);
  }

  const ImportSpec& spec_;
  std::vector<double> voltage_, grid_;
  std::vector<Hdf5Object> v_, i_, q_;
};

}  // namespace

void read_mat(const std::filesystem::path& path, const ImportSpec& spec, Sources& into,
              std::vector<std::string>& notes) {
  const auto batch = Hdf5Object::open(path).child("batch");
  const auto summaries = batch.child("summary").references();
  const auto count = summaries.size();
  if (count == 0)
    throw InputError(batch.place() + "/summary: cells were expected, and there is none");
  const auto cycles = field(batch, "cycles", count), lives = field(batch, "cycle_life", count),
             policies = field(batch, "policy_readable", count),
             barcodes = field(batch, "barcode", count), grids = field(batch, "Vdlin", count);
  for (std::size_t i = 0; i < count; ++i) {
    Cell cell;
    cell.name = barcodes.empty() ? "" : barcodes[i].text();
    if (cell.name.empty()) cell.name = path.stem().string() + "_c" + std::to_string(i);
    cell.batch = path.stem().string();
    cell.nominal_ah = spec.nominal_ah;
    if (!policies.empty()) cell.charge_policy = policies[i].text();
    if (!lives.empty()) {
      const auto life = lives[i].numbers();
      if (life.size() == 1) cell.life = life[0];
    }
    read_summary(summaries[i], spec, cell, notes);
    if (!cycles.empty())
      CurveReader(cycles[i], spec, grids.empty() ? std::vector<double>{} : grids[i].numbers())
          .read(cell);
    into.push_back({std::move(cell), path.string()});
  }
}

}  // namespace regard::battery
