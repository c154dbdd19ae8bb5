// docgraph compare: graphs, their controls and baselines on the same vectors and splits.
#include <cstdio>

#include "docgraph.hpp"
#include "flags.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/docgraph/models/study_report.hpp"
#include "regard/run/folder.hpp"

namespace regard::cli {
namespace {
namespace fs = std::filesystem;

void write(docgraph::Spec spec, const Json& results) {
  const run::Folder folder(spec.out, run::Folder::Open::kNew);
  const fs::path out = spec.out;
  const auto recipe = run::to_toml(spec.tables());
  write_atomically(out / "recipe.toml", recipe);
  write_atomically(out / "results.json", results.dump(1) + "\n");
  report::write_document(docgraph::study_page(results, spec.out + "/recipe.toml"),
                         out / "report.html");
}

}  // namespace

void add_docgraph_compare(CLI::App& docgraph) {
  auto* command = docgraph.add_subcommand(
      "compare", "graphs, controls and baselines on the same vectors and splits");
  command->footer(
      "Example: regard docgraph compare recipes/docgraph/bbc.toml --data bbc.tsv\n"
      "Results: results.json and report.html in the folder of the recipe.");
  struct State {
    std::string recipe, out, vectors;
    std::vector<std::string> data, entries;
    std::vector<int64_t> seeds;
    bool json = false;
  };
  auto s = std::make_shared<State>();
  command->add_option("recipe", s->recipe, "a recipe")->required();
  command->add_option("--data", s->data, "labelled texts (default: those of the recipe)")
      ->expected(1, -1);
  command->add_option("--out", s->out, "folder of the results");
  command->add_option("--vectors", s->vectors, "lsa, hash, auto, or a safetensors file");
  command->add_option("--entries", s->entries, "what is compared, the last one with the others")
      ->expected(1, -1);
  add_numbers(*command, "--seeds", s->seeds, "seeds, separated by commas")->delimiter(',');
  auto flags = std::make_shared<OptionFlags>(
      *command, docgraph::Spec().tables(),
      std::vector<OptionFlags::Flag>{{"--threads", "run", "threads"},
                                     {"--text", "data", "text"},
                                     {"--label", "data", "label"},
                                     {"--sentences", "planted", "sentences"},
                                     {"--task", "planted", "task"}});
  command->add_flag("--json", s->json, "print the results as one JSON object");
  command->callback([=] {
    docgraph::Spec spec;
    run::read_recipe(s->recipe, spec.tables());
    flags->apply(spec.tables());
    set_vectors(spec, s->vectors);
    if (!s->data.empty()) spec.data.paths = s->data;
    if (!s->entries.empty()) spec.compare.entries = s->entries;
    if (!s->seeds.empty()) spec.seeds = s->seeds;
    if (!s->out.empty()) spec.out = s->out;
    if (spec.out.empty()) spec.out = "runs/" + fs::path(s->recipe).stem().string();
    if (spec.data.paths.empty() && !spec.planted_data)
      throw InputError("docgraph compare: labelled texts were expected; --data names them");
    check_fresh(spec.out);
    const auto results = docgraph::run_study(
        spec, [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); });
    write(spec, results);
    if (s->json) {
      std::printf("%s\n", results.dump().c_str());
      return;
    }
    std::printf("%s\n%s\n%s\n%s/report.html\n",
                report::to_text(docgraph::study_table(results), 120).c_str(),
                report::to_text(docgraph::difference_table(results), 120).c_str(),
                docgraph::verdict(results).c_str(), spec.out.c_str());
  });
}

}  // namespace regard::cli
