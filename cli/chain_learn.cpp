// chain learn: the chain from prompts, or the error against their number.
#include <cstdio>

#include "chain.hpp"
#include "flags.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/report/table.hpp"
#include "regard/run/folder.hpp"
#include "regard/run/machine.hpp"
#include "regard/theory/markov/learn.hpp"

namespace regard::cli {
namespace {
namespace fs = std::filesystem;

const std::vector<OptionFlags::Flag> kLearnFlags = {
    {"--cross", "learn", "cross"},   {"--tokens", "learn", "tokens"},
    {"--length", "learn", "length"}, {"--prompts", "learn", "prompts"},
    {"--seeds", "learn", "seeds"},   {"--chain-seed", "learn", "chain_seed"},
    {"--blocks", "learn", "blocks"}, {"--method", "learn", "method"},
    {"--ridge", "learn", "ridge"},   {"--pseudo", "learn", "pseudo"},
    {"--error", "learn", "error"}};

void show(const report::Table& table) {
  std::printf("%s", report::to_text(table).c_str());
  for (const auto& note : table.notes) std::printf("%s\n", note.c_str());
  std::printf("\n");
}

/// recipe.toml, result.json, a table and the page.
template <class Result>
void write(const fs::path& folder, markov::LearnSpec spec, const Result& result, const Json& json,
           const std::string& table_name, const std::string& table) {
  const run::Folder opened(folder, run::Folder::Open::kNew);
  write_atomically(folder / "recipe.toml", run::to_toml(spec.tables()));
  write_atomically(folder / "result.json", json.dump() + "\n");
  write_atomically(folder / table_name, table);
  report::write_document(markov::page(spec, result, run::machine_facts()), folder / "report.html");
  std::fprintf(stderr, "regard: wrote %s/report.html\n", folder.c_str());
}

void fit(const markov::LearnSpec& spec, const std::string& out, bool as_json, int64_t threads) {
  const auto result = markov::fit_file(spec, threads);
  const auto json = markov::to_json(result, spec.error);
  if (as_json) {
    std::printf("%s\n", json.dump().c_str());
  } else {
    show(markov::query_table(result, spec.error));
    for (const auto& said : markov::untold(result)) std::printf("%s\n", said.c_str());
    std::printf("%s\n", markov::sentence(result).c_str());
  }
  if (!out.empty()) write(out, spec, result, json, "estimates.csv", markov::estimates_csv(result));
}

void experiment(const markov::LearnSpec& spec, const std::string& out, bool as_json,
                int64_t threads) {
  const auto result = markov::learn_experiment(spec, threads);
  const auto json = markov::to_json(spec, result);
  if (as_json) {
    std::printf("%s\n", json.dump().c_str());
  } else {
    show(markov::error_table(result));
    show(markov::graph_table(result));
    std::printf("%s\n", markov::sentence(spec, result).c_str());
  }
  if (!out.empty())
    write(out, spec, result, json, "errors.csv", report::to_csv(markov::error_table(result)));
}

}  // namespace

void add_chain_learn(CLI::App& chain) {
  auto* command = chain.add_subcommand(
      "learn", "the chain from prompts: estimates, intervals, ratios that the data cannot tell");
  command->footer(
      "Examples:\n"
      "  regard chain learn --tokens 6 --length 8 --prompts 1000,4000,16000,64000 --seeds 100\n"
      "  regard chain learn prompts.csv --out runs/fit\n"
      "The file has columns prompt,query,next; a prompt is tokens separated by blanks, and without "
      "a query its last token is taken.");
  struct State {
    std::string out;
    bool json = false;
    int64_t threads = 0;
    std::string file;
  };
  auto s = std::make_shared<State>();
  markov::LearnSpec defaults;
  command->add_option("prompts_file", s->file, "a CSV file; without it an experiment is run");
  auto flags = std::make_shared<OptionFlags>(*command, defaults.tables(), kLearnFlags);
  command->add_option("--out", s->out, "folder for report.html, result.json and a table");
  command->add_flag("--json", s->json, "one JSON object");
  add_number(*command, "--threads", s->threads, "fits at once; 0: one on each core");
  command->callback([=] {
    markov::LearnSpec spec;
    spec.file = s->file;
    flags->apply(spec.tables());
    spec.check();
    const auto threads = thread_count(s->threads);
    spec.file.empty() ? experiment(spec, s->out, s->json, threads)
                      : fit(spec, s->out, s->json, threads);
  });
}

}  // namespace regard::cli
