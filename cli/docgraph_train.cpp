// docgraph train: from labelled texts to a graph network; docgraph split: the sentences alone.
#include <cstdio>

#include "docgraph.hpp"
#include "flags.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/docgraph/models/run_report.hpp"
#include "regard/run/folder.hpp"

namespace regard::cli {
namespace {
namespace fs = std::filesystem;

void say(const std::string& sentence) { std::fprintf(stderr, "%s\n", sentence.c_str()); }

std::vector<OptionFlags::Flag> train_flags() {
  auto flags = docgraph_reading_flags();
  const std::vector<OptionFlags::Flag> more = {{"--graph", "graph", "name"},
                                               {"--width", "vectors", "width"},
                                               {"--cache", "vectors", "cache"},
                                               {"--activation", "attention", "activation"},
                                               {"--epochs", "gat", "epochs"},
                                               {"--duplicates", "data", "duplicates"},
                                               {"--valid-fraction", "data", "valid_fraction"},
                                               {"--test-fraction", "data", "test_fraction"},
                                               {"--seed", "run", "seed"}};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

void write(const docgraph::Training& training, const std::string& out) {
  const run::Folder folder(out, run::Folder::Open::kNew);
  training.model.save(out);
  write_atomically(fs::path(out) / "result.json", docgraph::run_json(training).dump(1) + "\n");
  report::write_document(docgraph::run_page(training), fs::path(out) / "report.html");
}

}  // namespace

void add_docgraph_train(CLI::App& docgraph) {
  auto* command = docgraph.add_subcommand(
      "train", "learn the graph of sentences and the label of a document from labelled texts");
  command->footer(
      "Examples:\n"
      "  regard docgraph train reviews.tsv --text text --label label --out runs/d\n"
      "  regard docgraph train articles/ --language de --graph \"bound(rule=mean)\" --out runs/d\n"
      "Data is a table, or a folder with a folder for each label.");
  struct State {
    std::vector<std::string> data, test;
    std::string recipe, out = "runs/docgraph", vectors;
    bool json = false;
  };
  auto s = std::make_shared<State>();
  command->add_option("data", s->data, "labelled texts")->expected(1, -1);
  command->add_option("--test", s->test, "labelled texts of the test (default: a share of data)")
      ->expected(1, -1);
  command->add_option("--recipe", s->recipe, "a recipe, which the flags go on top of");
  command->add_option("--out", s->out, "folder of the run")->capture_default_str();
  command->add_option("--vectors", s->vectors, "lsa, hash, auto, or a safetensors file");
  auto flags = std::make_shared<OptionFlags>(*command, docgraph::Spec().tables(), train_flags());
  command->add_flag("--json", s->json, "print the result as one JSON object");
  command->callback([=] {
    docgraph::Spec spec;
    if (!s->recipe.empty()) run::read_recipe(s->recipe, spec.tables());
    flags->apply(spec.tables());
    set_vectors(spec, s->vectors);
    if (!s->data.empty()) spec.data.paths = s->data;
    if (!s->test.empty()) spec.data.test_paths = s->test;
    if (spec.data.paths.empty() && !spec.planted_data)
      throw InputError("docgraph train: labelled texts were expected, and none are named");
    spec.out = s->out;
    check_fresh(spec.out);
    const auto training = docgraph::train(spec, say);
    write(training, spec.out);
    if (s->json) {
      std::printf("%s\n", docgraph::run_json(training).dump().c_str());
    } else {
      std::printf("%s\n%s/report.html\n", docgraph::run_text(training).c_str(), spec.out.c_str());
    }
  });
}

void add_docgraph_split(CLI::App& docgraph) {
  auto* command = docgraph.add_subcommand(
      "split", "the sentences of texts as a table, for sentence vectors of your own");
  command->footer(
      "Example: regard docgraph split reviews.tsv --out sentences.tsv\n"
      "Then a safetensors file with one array (sentences, width), rows in the order of the table:\n"
      "  regard docgraph train reviews.tsv --vectors v.safetensors --out runs/d");
  struct State {
    std::vector<std::string> data;
    std::string out;
  };
  auto s = std::make_shared<State>();
  command->add_option("data", s->data, "texts, with labels or without")->required();
  command->add_option("--out", s->out, "the table: document, sentence, text")->required();
  auto flags =
      std::make_shared<OptionFlags>(*command, docgraph::Spec().tables(), docgraph_reading_flags());
  command->callback([=] {
    docgraph::Spec spec;
    flags->apply(spec.tables());
    // The order of documents is that of `train`, which reads labels where there are some.
    const auto corpus = docgraph::read_for_split(spec, s->data);
    write_atomically(s->out, docgraph::sentence_table(corpus));
    std::printf("%lld documents, %lld sentences, checksum %s\n",
                static_cast<long long>(corpus.size()), static_cast<long long>(corpus.sentences()),
                docgraph::checksum(corpus).c_str());
  });
}

}  // namespace regard::cli
