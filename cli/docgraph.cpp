// docgraph: documents as graphs of their sentences.
#include "docgraph.hpp"

#include <filesystem>

#include "commands.hpp"
#include "regard/base/error.hpp"

namespace regard::cli {

std::vector<OptionFlags::Flag> docgraph_reading_flags() {
  return {{"--text", "data", "text"},         {"--label", "data", "label"},
          {"--language", "data", "language"}, {"--encoding", "data", "encoding"},
          {"--empty", "data", "empty"},       {"--header", "data", "header"},
          {"--format", "data", "format"}};
}

void set_vectors(docgraph::Spec& spec, const std::string& given) {
  if (given.empty()) return;
  if (given == "lsa" || given == "hash" || given == "auto") {
    spec.vectors.kind = given;
    return;
  }
  if (!std::filesystem::exists(given))
    throw InputError("--vectors: lsa, hash, auto or a safetensors file was expected, and \"" +
                     given + "\" came");
  spec.vectors.kind = "file";
  spec.vector_file = given;
}

void check_fresh(const std::string& folder) {
  namespace fs = std::filesystem;
  if (!fs::exists(folder)) return;
  if (!fs::is_directory(folder))
    throw InputError(folder + ": a folder was expected for the run, and a file is there");
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() == "cache") continue;
    throw InputError(folder + ": a new or empty folder was expected for the run, and it holds " +
                     entry.path().filename().string());
  }
}

void add_docgraph(CLI::App& app) {
  auto* docgraph = app.add_subcommand(
      "docgraph", "documents as learned graphs of their sentences: a label and its reason");
  docgraph->require_subcommand(1);
  add_docgraph_train(*docgraph);
  add_docgraph_predict(*docgraph);
  add_docgraph_explain(*docgraph);
  add_docgraph_compare(*docgraph);
  add_docgraph_split(*docgraph);
}

}  // namespace regard::cli
