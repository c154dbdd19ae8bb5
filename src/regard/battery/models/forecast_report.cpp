#include "regard/battery/models/forecast_report.hpp"

#include <algorithm>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"

namespace regard::battery {

void require_any(const std::vector<Forecast>& forecasts) {
  if (forecasts.empty()) throw InputError("predict: cells were expected, and there is none");
  for (const auto& forecast : forecasts) {
    if (forecast.why.empty()) return;
  }
  throw InputError(forecasts[0].why);
}

report::Table forecast_table(const std::vector<Forecast>& forecasts) {
  report::Table table;
  table.columns = {{"cell", "cell", "", report::Align::kLeft},
                   {"mode", "from", "", report::Align::kLeft},
                   {"cycles", "cycles", ""},
                   {"life", "life", "cycles"},
                   {"life_low", "low", "cycles"},
                   {"life_high", "high", "cycles"},
                   {"life_state", "life is", "", report::Align::kLeft},
                   {"A", "A", ""},
                   {"B", "B", ""},
                   {"C", "C", ""},
                   {"distance", "distance", ""},
                   {"distribution", "distribution", "", report::Align::kLeft}};
  for (const auto& f : forecasts) {
    if (!f.why.empty()) {
      table.notes.push_back("left out: " + f.why + ".");
      continue;
    }
    table.rows.push_back({report::word(f.cell), report::word(f.curves ? "curves" : "capacity"),
                          report::number(static_cast<double>(f.n), 0),
                          report::number(f.life.cycle, 0), report::number(f.life.low, 0),
                          report::number(f.life.high, 0), report::word(to_text(f.life.reach)),
                          report::number(f.curve.a, 3), report::number(f.curve.b, 3),
                          report::number(f.curve.c, 4), report::number(f.distance, 2),
                          report::word(f.outside ? "outside" : "inside")});
  }
  for (const auto& f : forecasts) {
    if (!f.why.empty()) continue;
    table.notes.push_back("life: the cycle at which " +
                          report::fixed(100 * f.threshold, f.threshold < 0.1 ? 1 : 0) +
                          " % of the nominal capacity is lost; low and high: the band's ends.");
    break;
  }
  const auto unbounded = [](const Forecast& f) {
    return f.why.empty() && f.life.known() && !(f.life.low < f.life.high);
  };
  if (std::any_of(forecasts.begin(), forecasts.end(), unbounded))
    table.notes.push_back(
        "low and high are left out where the cell is so unlike the training cells that the band "
        "has no bounds.");
  if (std::any_of(forecasts.begin(), forecasts.end(),
                  [](const Forecast& f) { return f.life.reach == Reach::kUndefined; }))
    table.notes.push_back("undefined: the loss C at the first cycle is already at the threshold.");
  table.notes.push_back(
      "distance: to the three nearest training cells, 1 is usual; outside: farther than most "
      "training cells are from each other, where intervals mean less.");
  return table;
}

Json forecast_json(const Forecast& f) {
  if (!f.why.empty()) return {{"cell", f.cell}, {"why", f.why}};
  return {{"cell", f.cell},
          {"mode", f.curves ? "curves" : "capacity"},
          {"cycles", f.n},
          {"threshold", f.threshold},
          {"life", f.life.cycle},
          {"life_low", f.life.low},
          {"life_high", f.life.high},
          {"life_state", to_text(f.life.reach)},
          {"A", f.curve.a},
          {"B", f.curve.b},
          {"C", f.curve.c},
          {"distance", f.distance},
          {"in_distribution", !f.outside},
          {"curve", {{"cycle", f.cycle}, {"loss", f.loss}, {"low", f.low}, {"high", f.high}}}};
}

void write_forecasts(const std::vector<Forecast>& forecasts, const std::filesystem::path& folder) {
  make_directory(folder);
  write_atomically(folder / "predictions.csv", report::to_csv(forecast_table(forecasts)));
  std::string lines, curves = "cell,cycle,loss,low,high\n";
  for (const auto& f : forecasts) {
    lines += forecast_json(f).dump() + "\n";
    const auto name = report::csv_field(f.cell);
    for (std::size_t i = 0; i < f.cycle.size(); ++i)
      curves += name + "," + shortest(f.cycle[i]) + "," + shortest(f.loss[i]) + "," +
                shortest(f.low[i]) + "," + shortest(f.high[i]) + "\n";
  }
  write_atomically(folder / "curves.csv", curves);
  write_atomically(folder / "predictions.jsonl", lines);
}

}  // namespace regard::battery
