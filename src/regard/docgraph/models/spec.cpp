#include "regard/docgraph/models/spec.hpp"

#include <algorithm>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/charset.hpp"

namespace regard::docgraph {
namespace {

void visit_data(DataSpec& data, Visitor& f) {
  f("paths", data.paths, "tables, or folders with a folder for each label");
  f("test", data.test_paths, "test data (empty: test_fraction is held out)");
  f("language", data.language, "of the sentence boundaries", {"en", "de"});
  f("text", data.reader.table.text, "column of the text, by name or by number from 1");
  f("label", data.reader.table.label, "column of the label, by name or by number from 1");
  f("header", data.reader.table.header, "whether line 1 of a table holds names",
    {"auto", "yes", "no"});
  f("format", data.reader.table.format, "of a table",
    {"auto", "tsv", "csv", "quoted_tsv", "semicolon", "jsonl"});
  f("encoding", data.reader.encoding, "of text and tables: auto, utf-8, utf-16, latin-1, ...");
  f("empty", data.reader.empty, "documents without text", {"auto", "leave_out", "refuse"});
  f("duplicates", data.duplicates,
    "documents with the words of one before them; they never stand in two parts", {"keep", "drop"});
  f("valid_fraction", data.shares.valid, "share of the training documents that chooses the epoch");
  f("test_fraction", data.shares.test, "share of the documents that is the test; 0: none");
  f("folds", data.folds, "cross-validation in place of test_fraction; 0: none");
  f("split_seed", data.split_seed, "of the parts; folds are drawn by it and the seed of the run");
}

}  // namespace

run::Tables Spec::tables() {
  return {{"run",
           [this](Visitor& f) {
             f("title", title, "heading of the report");
             f("out", out, "folder of the run");
             f("seed", seed, "of train");
             f("seeds", seeds, "of compare: each goes through both stages");
             f("threads", threads,
               "of compare: seeds at once, one thread each; 0: one on each core");
           }},
          {"data", [this](Visitor& f) { visit_data(data, f); }},
          {"planted",
           [this](Visitor& f) {
             f("use", planted_data, "made documents in place of files");
             planted.visit(f);
           }},
          {"vectors",
           [this](Visitor& f) {
             vectors.visit(f);
             f("file", vector_file, "kind file: a safetensors file with a row for each sentence");
           }},
          {"attention", [this](Visitor& f) { attention.visit(f); }},
          {"graph",
           [this](Visitor& f) {
             f("name", graph,
               "bound(rule=max), bound(degree=4), window(width=2), knn(degree=4), full, ...");
           }},
          {"gat", [this](Visitor& f) { gat.visit(f); }},
          {"compare", [this](Visitor& f) {
             f("entries", compare.entries,
               "graphs, and bag_of_words, mean_pool, stage1; the last one is what the others are "
               "compared with");
             f("foreign", compare.foreign,
               "shares of foreign sentences that are put into test documents");
           }}};
}

bool is_graph_entry(const std::string& entry) {
  return entry != kBagOfWords && entry != kMeanPool && entry != kStage1;
}

void Spec::check() const {
  const auto need = [](bool ok, const std::string& what) {
    if (!ok) throw InputError(what);
  };
  (void)language_of(data.language);
  const bool from_file = !vector_file.empty() || vectors.kind == "file";
  need(!from_file || !vector_file.empty(), "vectors from a file: --vectors FILE was expected");
  need(!from_file || data.test_paths.empty(),
       "vectors from a file are those of one set of documents: no test data beside it was "
       "expected, --test-fraction holds some out");
  need(!from_file || data.duplicates == "keep",
       "vectors from a file are those of all documents: duplicates = \"keep\" was expected");
  vectors.check();
  if (!from_file) attention.check(vectors.width);
  gat.check();
  (void)parse_graph(graph);
  need(!seeds.empty(), "[run] seeds: at least one was expected");
  need(data.folds == 0 || data.folds >= 2, "[data] folds: 0, or at least 2, was expected");
  need(threads >= 0, "[run] threads: at least 0 was expected");
  need(!compare.entries.empty(), "[compare] entries: at least one was expected");
  std::vector<std::string> known = graph_names();
  known.insert(known.end(), {kBagOfWords, kMeanPool, kStage1});
  for (const auto& entry : compare.entries) {
    if (!is_graph_entry(entry)) continue;
    const auto name = trim(entry.substr(0, entry.find('(')));
    need(std::find(known.begin(), known.end(), name) != known.end(),
         "[compare] entries: unknown name \"" + name + "\"" + suggestion(name, known));
    (void)parse_graph(entry);
  }
  for (const double share : compare.foreign)
    need(share >= 0 && share <= 1, "[compare] foreign: shares from 0 to 1 were expected");
  if (planted_data) planted.check();
}

Corpus load_corpus(const Spec& spec, const std::vector<std::string>& paths, data::Labels labels) {
  auto corpus = spec.planted_data
                    ? planted_corpus(spec.planted)
                    : read_corpus(paths, spec.data.reader, language_of(spec.data.language), labels);
  return spec.data.duplicates == "drop" ? without_duplicates(corpus) : corpus;
}

Corpus read_new(const Spec& spec, const std::vector<std::string>& paths) {
  auto reader = spec.data.reader;
  reader.trained_on_table = true;
  return read_corpus(paths, reader, language_of(spec.data.language), data::Labels::kNone);
}

Corpus read_text(const Spec& spec, const std::string& path) {
  data::check_exists(path);
  auto file = data::open_single(path);
  const auto text = data::decode(std::move(file.bytes), path, {spec.data.reader.encoding});
  if (trim(text.text).empty())
    throw InputError(path + ": a text was expected, and the file holds nothing but blanks");
  Corpus corpus;
  corpus.documents.push_back(document_of(path, text.text, language_of(spec.data.language)));
  group_like_texts(corpus);
  return corpus;
}

Corpus read_for_split(const Spec& spec, const std::vector<std::string>& paths) {
  const auto language = language_of(spec.data.language);
  try {
    return read_corpus(paths, spec.data.reader, language, data::Labels::kRead);
  } catch (const InputError&) {
    return read_corpus(paths, spec.data.reader, language, data::Labels::kNone);
  }
}

}  // namespace regard::docgraph
