// Traces: samples of voltage, current and discharged capacity, in order of time.
#include <map>

#include "regard/base/error.hpp"
#include "regard/battery/discharge.hpp"
#include "regard/battery/import_parts.hpp"

namespace regard::battery {
namespace {

/// A current below a thousandth of nominal per hour is rest, not discharge.
constexpr double kRest = 1e-3;

class TraceReader {
 public:
  TraceReader(const CsvTable& table, const ImportSpec& spec, Sources& into,
              std::vector<std::string>& notes)
      : table_(table),
        spec_(spec),
        into_(into),
        notes_(notes),
        name_(table.find(spec.columns.name("cell"))),
        voltage_(column_of(table, spec, "voltage")),
        current_(column_of(table, spec, "current")),
        capacity_(column_of(table, spec, "capacity")),
        grid_(spec.grid.voltages()) {}

  void read() {
    std::size_t open = into_.size();  // the cell whose cycle is being read
    int64_t cycle = 0;
    for (std::size_t r = 0; r < table_.rows(); ++r) {
      const auto at = cell_of(r);
      const bool same = at == open;
      const auto number = cycle_of(table_, r, spec_, last_[at], into_[at].cell.name, 0);
      if (same && number == cycle) {
        add(r);
        continue;
      }
      if (!rows_.empty()) close(open, cycle);
      if (number == last_[at])
        throw InputError(table_.place(r) + ": the samples of cycle " + std::to_string(number) +
                         " of cell " + into_[at].cell.name +
                         " were expected in one block, and another stands between them");
      open = at;
      last_[at] = cycle = number;
      add(r);
    }
    close(open, cycle);
    for (const auto& [at, count] : without_) {
      if (into_[at].cell.cycle.empty())
        throw InputError(table_.file() + ", cell " + into_[at].cell.name +
                         ": samples under discharge were expected, and there are none; is "
                         "the current positive while the cell discharges? --discharge positive "
                         "says so");
      notes_.push_back(table_.file() + ", cell " + into_[at].cell.name + ": " +
                       std::to_string(count.cycles) +
                       " cycles without a discharge are left out, the first is cycle " +
                       std::to_string(count.first));
    }
  }

 private:
  struct Count {
    int64_t cycles = 0, first = 0;
  };

  std::size_t cell_of(std::size_t r) {
    const auto name = name_ < 0 ? std::filesystem::path(table_.file()).stem().string()
                                : table_.text(r, static_cast<std::size_t>(name_));
    const auto [found, is_new] = known_.emplace(name, into_.size());
    if (is_new) {
      into_.push_back({{}, table_.file()});
      into_.back().cell.name = name;
      into_.back().cell.nominal_ah = nominal_of(table_, r, spec_);
      into_.back().cell.voltage.voltage_v = grid_;
    }
    return found->second;
  }

  void add(std::size_t r) {
    rows_.push_back(r);
    trace_.voltage_v.push_back(spec_.columns.factor("voltage") * table_.finite(r, voltage_));
    trace_.current_a.push_back(spec_.columns.factor("current") * table_.finite(r, current_));
    trace_.capacity_ah.push_back(spec_.columns.factor("capacity") * table_.finite(r, capacity_));
    const double v = trace_.voltage_v.back();
    if (v < -1 || v > 10)
      throw InputError(table_.place(r, voltage_) +
                       ": a voltage of one cell was expected (-1 to 10 V), and " +
                       table_.text(r, voltage_) + " " + spec_.columns.unit("voltage") +
                       " came; is it in mV? --unit voltage=mV says so");
  }

  void close(std::size_t at, int64_t cycle) {
    auto& cell = into_[at].cell;
    CounterFall fall;
    const double rest = kRest * (cell.nominal_ah > 0 ? cell.nominal_ah : 1);
    const auto discharge = discharge_of(trace_, spec_.discharge, rest, fall);
    if (fall.sample >= 0) {
      const auto row = rows_[static_cast<std::size_t>(fall.sample)];
      throw InputError(table_.place(row, capacity_) +
                       ": a discharged capacity that does not fall within cycle " +
                       std::to_string(cycle) + " was expected, and " + table_.text(row, capacity_) +
                       " came; " + fall.hint());
    }
    if (discharge.capacity() > 0) {
      check_capacity(discharge.capacity(), cell, table_.place(rows_.back(), capacity_), spec_);
      cell.cycle.push_back(cycle);
      cell.capacity_ah.push_back(discharge.capacity());
      if (cycle <= spec_.curve_cycles) {
        const auto q = capacity_on_grid(discharge, grid_);
        cell.voltage.cycle.push_back(cycle);
        cell.voltage.capacity_ah.insert(cell.voltage.capacity_ah.end(), q.begin(), q.end());
      }
    } else {
      auto& count = without_[at];
      if (count.cycles++ == 0) count.first = cycle;
    }
    trace_.clear();
    rows_.clear();
  }

  const CsvTable& table_;
  const ImportSpec& spec_;
  Sources& into_;
  std::vector<std::string>& notes_;
  int64_t name_;
  std::size_t voltage_, current_, capacity_;
  std::vector<double> grid_;
  std::map<std::string, std::size_t> known_;
  std::map<std::size_t, int64_t> last_;
  std::map<std::size_t, Count> without_;
  Trace trace_;
  std::vector<std::size_t> rows_;
};

}  // namespace

void read_traces(const CsvTable& table, const ImportSpec& spec, Sources& into,
                 std::vector<std::string>& notes) {
  TraceReader(table, spec, into, notes).read();
}

}  // namespace regard::battery
