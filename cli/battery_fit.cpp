// battery fit: the capacity-loss curve of each cell, and its life at any threshold.
#include <cstdio>

#include "battery.hpp"
#include "flags.hpp"
#include "regard/battery/fit_report.hpp"
#include "regard/report/table.hpp"

namespace regard::cli {

void add_battery_fit(CLI::App& battery) {
  auto* command = battery.add_subcommand(
      "fit", "A, B and C of loss = exp(A) (cycle - 1)^B + C, life and knee of each cell");
  command->footer(
      "Example: regard battery fit cells.csv --nominal 1.1 --threshold 20%\n"
      "The file has columns cell,cycle,capacity_ah; --column and --unit name others. A directory, "
      "traces and .mat files of version 7.3 are read too.");
  struct State {
    std::string path, out;
    std::vector<std::string> thresholds = {"0.2"};
    int64_t until = 0;
    bool robust = false, json = false;
  };
  auto s = std::make_shared<State>();
  command->add_option("cells", s->path, "a file, or a directory of files")->required();
  auto import = std::make_shared<ImportFlags>(*command);
  command
      ->add_option("--threshold", s->thresholds,
                   "loss at which life ends: 0.2, 20% or the capacity that is left, 0.88Ah; "
                   "several with commas")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_number(*command, "--until", s->until, "fit only the cycles up to this one");
  command->add_flag("--robust", s->robust,
                    "drop spikes, and weigh cycles down that lie off their neighbours");
  command->add_flag("--json", s->json, "one JSON object a cell, a line each");
  command->add_option("--out", s->out, "folder for fits.csv, curves.csv and report.html");
  command->callback([=] {
    auto cells = import->read(s->path);
    if (s->until > 0) {
      for (auto& cell : cells) cell = battery::first_cycles(cell, s->until);
    }
    battery::FitOptions options;
    if (s->robust) options.weights = battery::Weights::kRobust;
    const auto fits = battery::fit_cells(cells, s->thresholds, options);
    if (s->json) {
      for (const auto& fit : fits) std::printf("%s\n", battery::fit_json(fit).dump().c_str());
    } else {
      const auto table = battery::fit_table(fits);
      std::printf("%s", report::to_text(table).c_str());
      for (const auto& note : table.notes) std::printf("%s\n", note.c_str());
    }
    if (!s->out.empty()) {
      const auto name = std::filesystem::path(s->path).lexically_normal();
      battery::write_fits(
          fits, (name.has_filename() ? name : name.parent_path()).filename().string(), s->out);
      std::fprintf(stderr, "regard: wrote %s/fits.csv, curves.csv and report.html\n",
                   s->out.c_str());
    }
  });
}

}  // namespace regard::cli
