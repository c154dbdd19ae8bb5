// battery predict: life, the whole curve and its band for the user's cells, with a trained run.
#include <cstdio>

#include "battery.hpp"
#include "flags.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/battery/models/forecast_report.hpp"

namespace regard::cli {

void add_battery_predict(CLI::App& battery) {
  auto* command = battery.add_subcommand(
      "predict", "life, curve, band, and whether a cell is like the training cells");
  command->footer(
      "Example: regard battery predict runs/severson my_cells/ --nominal 1.1 --threshold 0.2\n"
      "Cells with voltage curves (traces, .mat) are forecast by the attention model, cells with "
      "capacities alone by the curve with a prior.");
  struct State {
    std::string run, path, threshold = "0.2", out;
    int64_t cycles = 0;
    bool json = false, csv = false;
  };
  auto s = std::make_shared<State>();
  command->add_option("run", s->run, "folder of a run of `regard battery train`")->required();
  command->add_option("cells", s->path, "a file, or a directory of files")->required();
  auto import = std::make_shared<ImportFlags>(*command);
  command->add_option("--threshold", s->threshold, "loss at which life ends: 0.2, 20% or 0.88Ah");
  add_number(*command, "--cycles", s->cycles, "use only the cycles up to this one");
  command->add_flag("--json", s->json, "one JSON object a cell, a line each, with curve and band");
  command->add_flag("--csv", s->csv, "the table as CSV");
  command->add_option("--out", s->out,
                      "folder for predictions.csv, curves.csv and predictions.jsonl");
  command->callback([=] {
    const auto forecaster = battery::Forecaster::load(s->run);
    auto cells = import->read(s->path);
    std::vector<battery::Forecast> forecasts;
    for (const auto& cell : cells)
      forecasts.push_back(forecaster.forecast(
          s->cycles > 0 ? battery::first_cycles(cell, s->cycles) : cell, s->threshold));
    battery::require_any(forecasts);
    if (s->json) {
      for (const auto& forecast : forecasts)
        std::printf("%s\n", battery::forecast_json(forecast).dump().c_str());
    } else {
      const auto table = battery::forecast_table(forecasts);
      std::printf("%s", (s->csv ? report::to_csv(table) : report::to_text(table)).c_str());
      for (const auto& note : table.notes)
        std::fprintf(s->csv ? stderr : stdout, "%s\n", note.c_str());
    }
    if (!s->out.empty()) battery::write_forecasts(forecasts, s->out);
  });
}

}  // namespace regard::cli
