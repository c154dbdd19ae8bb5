// Any bytes as a table of battery cells, in each layout; what is accepted can be fitted or is
// refused by name.
#include <cmath>

#include "fuzz/reader_case.hpp"
#include "regard/battery/fit.hpp"
#include "regard/battery/import.hpp"
#include "regard/battery/knee.hpp"

using namespace regard;
using namespace regard::battery;

std::vector<std::string> fuzz_seeds() {
  return {
      "cell,cycle,capacity_ah,resistance_ohm\na,1,1.08,0\na,2,1.07,0.018\nb,1,1.07,\n"
      "a,3,1.06,0.02\na,4,1.04,0.02\na,9,0.9,0.03\n",
      "cycle;capacity_ah;nominal_ah\r\n1;1.1;1.1\r\n2;1.09;1.1\r\n",
      "cell,cycle,voltage_v,current_a,capacity_ah\nx,1,3.3,1,0\nx,1,3.5,-4,0\nx,1,3.0,-4,0.6\n"
      "x,1,2.0,-4,1.1\nx,2,3.5,-4,0\nx,2,2.0,-4,1.09\n",
      "NaN,1.1,1.09,1.08,NaN\n1.1,1.09,1.08,1.07,1.06\n"};
}

namespace {

void check(const Imported& imported) {
  if (imported.cells.empty()) std::abort();
  for (const auto& cell : imported.cells) {
    const auto n = cell.cycles();
    if (n == 0 || cell.capacity_ah.size() != n || !(cell.nominal_ah > 0)) std::abort();
    for (std::size_t i = 0; i < n; ++i) {
      if (cell.cycle[i] < 1 || (i > 0 && cell.cycle[i] <= cell.cycle[i - 1])) std::abort();
      if (!(cell.capacity_ah[i] >= 0) || !std::isfinite(cell.capacity_ah[i])) std::abort();
    }
    for (const auto* values : {&cell.resistance_ohm, &cell.temperature_c, &cell.charge_time_min}) {
      if (!values->empty() && values->size() != n) std::abort();
    }
    const auto& curves = cell.voltage;
    if (curves.capacity_ah.size() != curves.cycle.size() * curves.voltage_v.size()) std::abort();
    for (const double q : curves.capacity_ah) {
      if (!(q >= 0) || !std::isfinite(q)) std::abort();
    }
    find_knee(cell);
    fit_curve(cell);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ImportSpec given, other;
  given.nominal_ah = 1.1;
  other.nominal_ah = 1.1;
  other.cycles_from = 0;
  other.discharge = DischargeSign::kPositive;
  other.curve_cycles = 2;
  for (auto spec : {ImportSpec{}, given, other}) {
    for (const auto layout : {Layout::kAuto, Layout::kLong, Layout::kTraces, Layout::kWide}) {
      spec.layout = layout;
      data::try_to_read(data, size, [&](std::string_view content) {
        check(import_table("cells.csv", content, spec));
      });
    }
  }
  return 0;
}
