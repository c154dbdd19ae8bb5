// A run of `regard docgraph train`: both stages trained, kept in a folder, used on new documents.
//
//   recipe.toml, encoder.json, encoder.safetensors, model.safetensors, docgraph.json, report.html
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include "regard/docgraph/models/spec.hpp"

namespace regard::docgraph {

/// What training measured.
struct Outcome {
  FitResult attention, graph;  // validation
  Score test;                  // of the graph network, where there is a test part
  Score stage1;                // of the attention alone, likewise
  int64_t documents = 0, sentences = 0, duplicates = 0;
  int64_t train = 0, valid = 0, tested = 0;
  double edges = 0;  // edges a document
  int64_t parameters = 0, attention_parameters = 0;
  double encoder_seconds = 0;
  std::vector<double> confusion;  // (classes, classes), rows the truth; empty without a test part
};

/// Both stages with what encodes sentences: all that new documents need.
class TrainedGraphs {
 public:
  Spec spec;
  std::vector<std::string> classes;
  int64_t width = 0;
  double scale = 1;
  std::shared_ptr<const Encoder> encoder;   // none: vectors come from files
  std::shared_ptr<AttentionNet> attention;  // none: the graph is not learned
  std::shared_ptr<GraphNet> graph_net;

  /// Vectors of a corpus by the encoder, or from the file.
  Vectors vectors(const Corpus& corpus, const std::string& file) const;
  std::vector<SentenceGraph> graphs(const Corpus& corpus, const Vectors& vectors) const;
  /// Class probabilities (documents, classes), float64.
  torch::Tensor probabilities(const Vectors& vectors,
                              const std::vector<SentenceGraph>& graphs) const;

  void save(const std::filesystem::path& folder) const;
  /// InputError for a folder that is no run of `regard docgraph train`.
  static TrainedGraphs load(const std::filesystem::path& folder);
};

/// Reads, learns the encoder, trains both stages, measures. `say` is given sentences for people.
struct Training {
  TrainedGraphs model;
  Outcome outcome;
};
Training train(const Spec& spec, const std::function<void(const std::string&)>& say);

/// The items of some documents with their graphs and labels.
std::vector<Item> items_of(const Corpus& corpus, const std::vector<SentenceGraph>& graphs,
                           const std::vector<int64_t>& rows);
/// Without graphs.
std::vector<Item> items_of(const Corpus& corpus, const std::vector<int64_t>& rows);

/// The graph of one document by the trained attention.
SentenceGraph document_graph(const TrainedGraphs& model, const Corpus& corpus,
                             const Vectors& vectors, int64_t document);

/// Progress lines on standard error.
Progress progress_line(const std::string& title);

/// The network for a graph.
Pairs pairs_of(const GraphSpec& spec);

}  // namespace regard::docgraph
