#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "commands.hpp"
#include "flags.hpp"
#include "recipe_flags.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/compare.hpp"
#include "regard/lab/train_run.hpp"
#include "regard/report/summary.hpp"

namespace regard::cli {
namespace {

int terminal_width() {
  winsize size{};
  if (::isatty(1) && ::ioctl(1, TIOCGWINSZ, &size) == 0) return size.ws_col;
  return 0;
}

// "3" means 1..3, "1,2,5" a list.
std::vector<int64_t> parse_seeds(const std::string& text) {
  std::vector<int64_t> seeds;
  for (const auto& part : split_outside_brackets(text, ',')) {
    const auto value = parse_value(part);
    const auto* seed = std::get_if<int64_t>(&value);
    if (seed == nullptr || *seed < 0)
      throw InputError("--seeds: a number of seeds or a list like 1,2,5 was expected, and \"" +
                       text + "\" came");
    seeds.push_back(*seed);
  }
  if (seeds.size() > 1 || text.find(',') != std::string::npos) return seeds;
  const auto count = seeds[0];
  seeds.clear();
  for (int64_t s = 1; s <= count; ++s) seeds.push_back(s);
  if (seeds.empty()) throw InputError("--seeds: at least 1 was expected");
  return seeds;
}

// The table of what did finish is there; the exit code still says that something failed.
void demand_all(const report::Comparison& comparison) {
  const auto& runs = comparison.runs;
  const auto failed = std::count_if(runs.begin(), runs.end(), [](auto& r) { return !r.finished; });
  // A baseline is no run of a process of its own.
  const auto all = std::count_if(runs.begin(), runs.end(), [](auto& r) { return !r.any_seed; });
  if (failed > 0)
    throw RunError("compare: " + std::to_string(failed) + " of " + std::to_string(all) +
                   " runs failed; log.txt of each says why, and the same command tries them again");
}

}  // namespace

void add_compare(CLI::App& app) {
  auto* command = app.add_subcommand(
      "compare", "train several kinds of attention on the same data and say which is best");
  command->footer(
      "Examples:\n"
      "  regard compare recipes/demo.toml\n"
      "  regard compare --data reviews.tsv --text text --label label --attention "
      "softmax,hrr,\"window(width=64)\",off --seeds 3\n"
      "Each run is a process of its own. An interrupted comparison goes on where it was, with "
      "more phrases or seeds too; a finished run is not repeated.");
  struct State {
    std::vector<std::string> attention;
    std::string seeds, budget;
    int64_t jobs = 0;
    bool json = false, resume = false;
  };
  auto state = std::make_shared<State>();
  auto flags = std::make_shared<RecipeFlags>(*command);
  auto* attention =
      command
          ->add_option("--attention", state->attention,
                       "phrases, split at commas, each for all layers or \"[a, b]\", one a "
                       "layer; differences are to the first")
          ->expected(1, -1);
  auto* seeds =
      command->add_option("--seeds", state->seeds, "how many (3 means 1, 2, 3) or which (1,2,5)");
  auto* budget = command->add_option(
      "--budget", state->budget, "equal steps, seconds (with --set train.seconds=S) or parameters");
  auto* jobs = add_number(*command, "--jobs", state->jobs, "runs at a time");
  command->add_flag("--resume", state->resume,
                    "accepted for symmetry: a comparison always goes on where it was");
  command->add_flag("--json", state->json, "print the table as JSON");
  command->callback([=] {
    auto recipe = flags->recipe();
    if (attention->count() > 0) {
      recipe.compare.attention.clear();
      for (const auto& item : state->attention) {
        for (const auto& phrase : split_outside_brackets(item, ','))
          recipe.compare.attention.push_back(phrase);
      }
    }
    if (seeds->count() > 0) recipe.compare.seeds = parse_seeds(state->seeds);
    if (budget->count() > 0)
      run::set_option(recipe.tables(), "compare", "budget", state->budget, "--budget");
    if (jobs->count() > 0) recipe.compare.jobs = state->jobs;
    const auto folder = lab::default_folder(recipe);
    const auto comparison = lab::compare(recipe, folder);
    const auto table = report::summary(comparison);
    if (state->json) {
      std::printf("%s\n", report::to_json(table).c_str());
      return demand_all(comparison);
    }
    const auto answer = report::answer(comparison);
    std::printf("\n%s\n%s\n", answer.sentence.c_str(),
                report::to_text(table, terminal_width()).c_str());
    for (const auto& note : table.notes) std::printf("%s\n", note.c_str());
    for (const auto& remark : answer.remarks) std::printf("%s\n", remark.c_str());
    if (!comparison.samples.empty())
      std::printf("\nText by the best run:\n%s\n", comparison.samples.c_str());
    std::printf("\nReport: %s\n", (folder / "report.html").c_str());
    demand_all(comparison);
  });
}

void add_report(CLI::App& app) {
  auto* command = app.add_subcommand("report", "write report.html of a run or a comparison anew");
  auto folder = std::make_shared<std::string>();
  command->add_option("run", *folder, "the run folder")->required();
  command->callback([=] {
    lab::write_report(*folder);
    std::printf("%s\n", (std::filesystem::path(*folder) / "report.html").c_str());
  });
}

}  // namespace regard::cli
