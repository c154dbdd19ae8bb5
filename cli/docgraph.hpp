// The subcommands of `regard docgraph`, and the flags that they share.
#pragma once

#include "chain.hpp"
#include "regard/docgraph/models/spec.hpp"

namespace regard::cli {

void add_docgraph_train(CLI::App& docgraph);
void add_docgraph_predict(CLI::App& docgraph);
void add_docgraph_explain(CLI::App& docgraph);
void add_docgraph_compare(CLI::App& docgraph);
void add_docgraph_split(CLI::App& docgraph);

/// How documents are read: --text, --label, --language, --encoding, --empty, --header, --format.
std::vector<OptionFlags::Flag> docgraph_reading_flags();

/// --vectors: lsa, hash, auto, or a safetensors file.
void set_vectors(docgraph::Spec& spec, const std::string& given);

/// InputError where the folder of a new run holds files.
void check_fresh(const std::string& folder);

}  // namespace regard::cli
