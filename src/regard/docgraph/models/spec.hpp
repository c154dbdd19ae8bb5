// Everything that decides a run of `regard docgraph`: the tables of its recipe.
#pragma once

#include "regard/docgraph/encoder.hpp"
#include "regard/docgraph/models/attention_net.hpp"
#include "regard/docgraph/models/graph_net.hpp"
#include "regard/docgraph/parts.hpp"
#include "regard/docgraph/planted.hpp"
#include "regard/run/recipe.hpp"

namespace regard::docgraph {

struct DataSpec {
  std::vector<std::string> paths, test_paths;
  std::string language = "en";
  std::string duplicates = "keep";
  Shares shares;
  int64_t folds = 0;
  int64_t split_seed = 1;
  data::ReaderSpec reader;
};

struct CompareSpec {
  std::vector<std::string> entries = {
      "bag_of_words",     "mean_pool",          "stage1",           "window(width=2)", "full",
      "random(rule=max)", "shuffled(rule=max)", "bound(rule=mean)", "bound(rule=max)"};
  std::vector<double> foreign;  // shares of foreign sentences at test
};

struct Spec {
  std::string title = "Document graphs", out;
  int64_t seed = 1;
  std::vector<int64_t> seeds = {1, 2, 3, 4, 5};
  int64_t threads = 0;
  DataSpec data;
  bool planted_data = false;  // made documents in place of files
  PlantedSpec planted;
  EncoderSpec vectors;
  std::string vector_file;
  AttentionNetSpec attention;
  std::string graph = "bound(rule=max)";
  GraphNetSpec gat;
  CompareSpec compare;

  run::Tables tables();
  /// Everything that needs no data.
  void check() const;
};

/// The names of CompareSpec::entries that are no graphs.
inline constexpr const char* kBagOfWords = "bag_of_words";
inline constexpr const char* kMeanPool = "mean_pool";
inline constexpr const char* kStage1 = "stage1";
bool is_graph_entry(const std::string& entry);

/// The corpus of the spec: files, or made documents. `labels` as in read_corpus.
Corpus load_corpus(const Spec& spec, const std::vector<std::string>& paths, data::Labels labels);

/// New documents, without their labels; one text file as one document; documents in the order of
/// `train`, with labels where there are some.
Corpus read_new(const Spec& spec, const std::vector<std::string>& paths);
Corpus read_text(const Spec& spec, const std::string& path);
Corpus read_for_split(const Spec& spec, const std::vector<std::string>& paths);

}  // namespace regard::docgraph
