// simulate: self-attention as particles on the sphere.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/ops/parallel.hpp"
#include "regard/report/table.hpp"
#include "regard/run/machine.hpp"
#include "regard/theory/particles/run.hpp"

namespace regard::cli {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kMostRows = 24;  // of each beta on a terminal; events.csv has all
constexpr const char* kDefaultFolder = "runs/particles";

struct Flag {
  const char *name, *table, *key;
};

constexpr Flag kSimulateFlags[] = {{"--points", "points", "file"},
                                   {"--weights", "points", "weights"},
                                   {"--init", "points", "init"},
                                   {"--n", "points", "n"},
                                   {"--d", "points", "d"},
                                   {"--seed", "points", "seed"},
                                   {"--clusters", "points", "clusters"},
                                   {"--angle", "points", "angle"},
                                   {"--spread", "points", "spread"},
                                   {"--kappa", "points", "kappa"},
                                   {"--model", "model", "kind"},
                                   {"--beta", "model", "beta"},
                                   {"--usa-norm", "model", "usa_norm"},
                                   {"--prefactor", "model", "prefactor"},
                                   {"--engine", "run", "engine"},
                                   {"--until", "run", "until"},
                                   {"--merge", "run", "merge"},
                                   {"--clock", "run", "clock"},
                                   {"--tolerance", "run", "tolerance"},
                                   {"--close", "run", "close"}};

constexpr Flag kSwitches[] = {{"--theorem", "run", "theorem"}, {"--modes", "run", "modes"}};

Field field_of(const Flag& flag) {
  particles::Spec spec;
  for (const auto& table : spec.tables()) {
    if (table.name != flag.table) continue;
    for (const auto& field : fields(table.visit)) {
      if (field.name == flag.key) return field;
    }
  }
  throw InputError(std::string("no option ") + flag.key);
}

const char* type_of(const Value& value) {
  if (std::holds_alternative<int64_t>(value)) return "INT";
  if (std::holds_alternative<double>(value)) return "NUMBER";
  return std::holds_alternative<std::vector<double>>(value) ? "NUMBER,..." : "TEXT";
}

/// A recipe file, and what the flags say on top of it.
class SimulateFlags {
 public:
  explicit SimulateFlags(CLI::App& command) {
    recipe_ = command.add_option("recipe", file_, "a recipe file (TOML)");
    for (const auto& flag : kSimulateFlags) {
      const auto field = field_of(flag);
      auto help = field.doc;
      if (!field.choices.empty()) help += " (" + join(field.choices, ", ") + ")";
      auto& value = texts_.emplace_back(std::make_shared<std::string>());
      auto* option = command.add_option(flag.name, *value, help);
      option->type_name(type_of(field.value));
      const auto text = to_text(field.value);
      if (!text.empty()) option->default_str(text);
      options_.push_back(option);
    }
    for (const auto& flag : kSwitches) {
      auto* option = command.add_flag(flag.name);
      switches_.push_back(option->description(field_of(flag).doc));
    }
  }

  bool any() const {
    const auto given = [](const CLI::Option* option) { return option->count() > 0; };
    return given(recipe_) || std::any_of(options_.begin(), options_.end(), given) ||
           std::any_of(switches_.begin(), switches_.end(), given);
  }

  particles::Spec spec() const {
    particles::Spec spec;
    const auto tables = spec.tables();
    if (recipe_->count() > 0) run::read_recipe(file_, tables);
    for (std::size_t i = 0; i < std::size(kSimulateFlags); ++i) {
      if (options_[i]->count() == 0) continue;
      const auto& flag = kSimulateFlags[i];
      const auto kind = field_of(flag).value;
      Value value = *texts_[i];
      if (std::holds_alternative<std::vector<double>>(kind)) {
        value = parse_value("[" + *texts_[i] + "]");
      } else if (!std::holds_alternative<std::string>(kind)) {
        value = parse_value(*texts_[i]);
      }
      run::set_option(tables, flag.table, flag.key, value, flag.name);
    }
    for (std::size_t i = 0; i < std::size(kSwitches); ++i) {
      const auto& flag = kSwitches[i];
      if (switches_[i]->count() > 0) run::set_option(tables, flag.table, flag.key, true, flag.name);
    }
    return spec;
  }

 private:
  std::string file_;
  CLI::Option* recipe_ = nullptr;
  std::vector<std::shared_ptr<std::string>> texts_;
  std::vector<CLI::Option*> options_, switches_;
};

void print(const particles::Spec& spec, const std::vector<particles::Outcome>& outcomes,
           bool json) {
  if (json) {
    for (const auto& outcome : outcomes)
      std::printf("%s\n", particles::outcome_json(spec, outcome).dump().c_str());
    return;
  }
  const auto show = [](const report::Table& table) {
    std::printf("%s", report::to_text(table).c_str());
    for (const auto& note : table.notes) std::printf("%s\n", note.c_str());
    std::printf("\n");
  };
  show(particles::event_table(outcomes, kMostRows));
  if (outcomes.size() > 1) show(particles::beta_table(outcomes));
  if (spec.run.theorem) show(particles::theorem_table(outcomes));
  if (spec.run.modes) show(particles::modes_table(outcomes));
  for (const auto& outcome : outcomes) std::printf("%s\n", particles::sentence(outcome).c_str());
}

/// Without --out a new run takes runs/particles, or the first of runs/particles-2, -3, ... that is
/// free.
fs::path free_folder() {
  fs::path folder = kDefaultFolder;
  for (int number = 2; fs::exists(folder / "last.safetensors"); ++number)
    folder = kDefaultFolder + ("-" + std::to_string(number));
  return folder;
}

}  // namespace

void add_simulate(CLI::App& app) {
  auto* command = app.add_subcommand(
      "simulate", "self-attention as particles on the sphere: clusters, their lifetimes, merges");
  command->footer(
      "Without flags: the five particles of arXiv 2410.06833, SA, beta = 4.\n"
      "Examples:\n"
      "  regard simulate --n 200 --d 3 --beta 60 --init uniform --out runs/sphere\n"
      "  regard simulate --points mine.csv --beta 20,50,100 --theorem --json\n"
      "  regard simulate recipes/particles/staircase.toml\n"
      "  regard simulate --resume --out runs/sphere");
  struct State {
    std::string out;
    bool json = false, resume = false;
  };
  auto state = std::make_shared<State>();
  auto flags = std::make_shared<SimulateFlags>(*command);
  command->add_option("--out", state->out,
                      "folder for report.html, events.csv, samples.csv and checkpoints (default "
                      "runs/particles, or the next free runs/particles-2)");
  command->add_flag("--resume", state->resume, "go on from the last checkpoint in --out");
  command->add_flag("--json", state->json, "one JSON object a line for each beta");
  command->callback([=] {
    fs::path folder = state->out;
    if (state->out.empty()) folder = state->resume ? fs::path(kDefaultFolder) : free_folder();
    const bool stored = state->resume && !flags->any();
    const auto spec = stored ? particles::recipe_of(folder) : flags->spec();
    const auto start = particles::make_start(spec.points);
    spec.check(start.cloud);
    for (const auto& said : start.said) std::fprintf(stderr, "regard: %s\n", said.c_str());
    const auto warning = particles::antipodal_warning(start.cloud);
    if (!warning.empty()) std::fprintf(stderr, "regard: warning: %s\n", warning.c_str());
    particles::Simulation(spec,
                          start.cloud);  // refuses what it cannot do before the folder is made
    const run::Folder opened(folder,
                             state->resume ? run::Folder::Open::kResume : run::Folder::Open::kNew);
    const auto outcomes =
        particles::run_in(opened, spec, start.cloud, ops::parallel_for, run::machine_facts());
    print(spec, outcomes, state->json);
    std::fprintf(stderr, "regard: wrote %s/report.html\n", folder.c_str());
  });
}

}  // namespace regard::cli
