// chain walk: tokens that a chain draws from its own past.
#include <cstdio>

#include "chain.hpp"
#include "flags.hpp"
#include "regard/base/error.hpp"
#include "regard/report/table.hpp"
#include "regard/run/machine.hpp"
#include "regard/theory/markov/walk_report.hpp"

namespace regard::cli {
namespace {
namespace fs = std::filesystem;

const std::vector<OptionFlags::Flag> kWalkFlags = {
    {"--chain", "chain", "file"},
    {"--rows", "chain", "rows"},
    {"--tokens", "chain", "tokens"},
    {"--chain-seed", "chain", "seed"},
    {"--prompt", "walk", "prompt"},
    {"--until", "walk", "until"},
    {"--runs", "walk", "runs"},
    {"--seed", "walk", "seed"},
    {"--looks", "walk", "looks"},
    {"--sampler", "walk", "sampler"},
    {"--window", "walk", "window"},
    {"--by-distance", "walk", "by_distance"},
    {"--by-index", "walk", "by_index"},
    {"--attention-temperature", "walk", "attention_temperature"},
    {"--temperature", "walk", "temperature"},
    {"--penalty", "walk", "penalty"}};

void print(const markov::WalkResult& result) {
  const auto show = [](const report::Table& table) {
    if (table.rows.empty()) return;
    std::printf("%s", report::to_text(table).c_str());
    for (const auto& note : table.notes) std::printf("%s\n", note.c_str());
    std::printf("\n");
  };
  show(markov::winner_table(result));
  show(markov::slope_table(result));
  std::printf("%s\n", markov::sentence(result).c_str());
}

}  // namespace

void add_chain_walk(CLI::App& chain) {
  auto* command =
      chain.add_subcommand("walk", "walks that append their own tokens: winners, decay, collapse");
  command->footer(
      "Examples:\n"
      "  regard chain walk --chain p.csv --prompt \"2 1 0\" --until 1e6 --runs 2000 --out "
      "runs/walk\n"
      "  regard chain walk --tokens 256 --until 1e7 --runs 2 --json\n"
      "  regard chain walk --resume --out runs/walk\n"
      "The file holds columns (the law after token j), with or without a first row of labels.");
  struct State {
    std::string out;
    bool json = false, resume = false;
    int64_t threads = 0;
  };
  auto s = std::make_shared<State>();
  markov::WalkSpec defaults;
  auto flags = std::make_shared<OptionFlags>(*command, defaults.tables(), kWalkFlags);
  command->add_option("--out", s->out,
                      "folder for report.html, means.csv, result.json and checkpoints");
  command->add_flag("--resume", s->resume, "go on from the last checkpoint in --out");
  command->add_flag("--json", s->json, "one JSON object");
  add_number(*command, "--threads", s->threads, "walks at once; 0: one on each core");
  command->callback([=] {
    if (s->resume && s->out.empty())
      throw InputError("chain walk: --resume needs the folder, --out");
    const auto threads = thread_count(s->threads);
    markov::WalkSpec spec;
    if (s->resume && !flags->any())
      run::read_recipe(fs::path(s->out) / "recipe.toml", spec.tables());
    flags->apply(spec.tables());
    {
      // What cannot be walked is refused before the folder is made.
      const auto of = spec.make_chain();
      const markov::Kernel kernel(of, spec.make_prompt(of), spec.rules);
      spec.check(kernel, threads);
    }
    std::unique_ptr<run::Folder> folder;
    if (!s->out.empty())
      folder = std::make_unique<run::Folder>(
          s->out, s->resume ? run::Folder::Open::kResume : run::Folder::Open::kNew);
    const auto result = markov::walk_in(folder.get(), spec, threads, run::machine_facts());
    if (s->json) {
      std::printf("%s\n", markov::to_json(result).dump().c_str());
    } else {
      print(result);
    }
    if (folder) std::fprintf(stderr, "regard: wrote %s/report.html\n", s->out.c_str());
  });
}

}  // namespace regard::cli
