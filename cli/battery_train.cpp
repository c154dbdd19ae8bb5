// battery train: every model of battery life side by side; battery report: its page again.
#include <cstdio>

#include "battery.hpp"
#include "flags.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/battery/models/study.hpp"
#include "regard/battery/models/study_report.hpp"
#include "regard/run/recipe.hpp"

namespace regard::cli {

void add_battery_train(CLI::App& battery) {
  auto* command = battery.add_subcommand(
      "train",
      "every model of battery life side by side, with bands: results.json and report.html");
  command->footer("Example: regard battery train recipes/battery/severson.toml --data severson");
  struct State {
    std::string recipe, out, data, other;
    std::vector<int64_t> seeds;
    int64_t threads = 0;
    bool json = false;
  };
  auto s = std::make_shared<State>();
  command->add_option("recipe", s->recipe, "a recipe with tables run, data, model and bands")
      ->required();
  command->add_option("--out", s->out, "folder of the run (default: that of the recipe)");
  command->add_option("--data", s->data, "folder of the Severson set");
  command->add_option("--other", s->other, "folder of other ageing sets, capacities alone");
  add_numbers(*command, "--seeds", s->seeds, "seeds, separated by commas")->delimiter(',');
  add_number(*command, "--threads", s->threads, "models that train at once");
  command->add_flag("--json", s->json, "print the table as JSON");
  command->callback([=] {
    battery::StudySpec spec;
    run::read_recipe(s->recipe, spec.tables());
    if (!s->out.empty()) spec.out = s->out;
    if (!s->data.empty()) spec.folder = s->data;
    if (!s->other.empty()) spec.other = s->other;
    if (!s->seeds.empty()) spec.seeds = s->seeds;
    if (s->threads > 0) spec.threads = s->threads;
    const auto results = battery::run_study(
        spec, [](const std::string& now) { std::fprintf(stderr, "battery: %s\n", now.c_str()); });
    const auto table = battery::study_table(results);
    std::printf("%s", (s->json ? report::to_json(table) : report::to_text(table, 120)).c_str());
    if (!s->json) std::printf("\n%s/report.html\n", spec.out.c_str());
  });
}

void add_battery_report(CLI::App& battery) {
  auto* command =
      battery.add_subcommand("report", "write report.html of a run of `battery train` again");
  auto folder = std::make_shared<std::string>();
  command->add_option("run", *folder, "folder of the run")->required();
  command->callback([=] {
    const auto path = std::filesystem::path(*folder) / "results.json";
    try {
      const auto results = Json::parse(read_file(path));
      battery::write_study_report(results, std::filesystem::path(*folder) / "report.html");
    } catch (const nlohmann::json::exception& error) {
      throw InputError(path.string() +
                       ": results of `regard battery train` were expected, and they are damaged: " +
                       error.what());
    }
    std::printf("%s/report.html\n", folder->c_str());
  });
}

}  // namespace regard::cli
