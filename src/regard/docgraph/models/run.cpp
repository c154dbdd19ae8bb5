#include "regard/docgraph/models/run.hpp"

#include <ATen/ops/softmax.h>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/docgraph/vector_file.hpp"
#include "regard/run/progress.hpp"

namespace regard::docgraph {
using torch::Tensor;

Progress progress_line(const std::string& title) {
  auto line = std::make_shared<run::Progress>(title);
  return [line](double fraction, const std::string& text) {
    fraction < 1 ? line->show(fraction, text) : line->keep(fraction, text);
  };
}

Pairs pairs_of(const GraphSpec& spec) { return spec.kind == "full" ? Pairs::kAll : Pairs::kGiven; }

std::vector<Item> items_of(const Corpus& corpus, const std::vector<SentenceGraph>& graphs,
                           const std::vector<int64_t>& rows) {
  auto items = items_of(corpus, rows);
  for (auto& item : items) item.graph = &graphs[static_cast<std::size_t>(item.document)];
  return items;
}

std::vector<Item> items_of(const Corpus& corpus, const std::vector<int64_t>& rows) {
  std::vector<Item> items;
  for (const auto row : rows)
    items.push_back({row, nullptr, corpus.documents[static_cast<std::size_t>(row)].label});
  return items;
}

Vectors TrainedGraphs::vectors(const Corpus& corpus, const std::string& file) const {
  if (!encoder) {
    if (file.empty())
      throw InputError(
          "this run was trained on vectors of your own: --vectors FILE with those of these "
          "sentences was expected");
    return vectors_of(corpus, read_vectors(file, corpus, width).values, width, scale);
  }
  if (!file.empty())
    throw InputError("--vectors: this run encodes sentences itself, and needs no file");
  return vectors_of(corpus, encoder->encode(all_sentences(corpus)), width, scale);
}

std::vector<SentenceGraph> TrainedGraphs::graphs(const Corpus& corpus,
                                                 const Vectors& vectors) const {
  return graphs_of(parse_graph(spec.graph), corpus, vectors, attention.get(),
                   static_cast<uint64_t>(spec.seed));
}

SentenceGraph document_graph(const TrainedGraphs& model, const Corpus& corpus,
                             const Vectors& vectors, int64_t document) {
  const auto spec = parse_graph(model.spec.graph);
  auto* net = spec.learned() ? model.attention.get() : nullptr;
  const auto source = graph_sources(corpus, vectors, {document}, net, spec.bound_rule(),
                                    static_cast<uint64_t>(model.spec.seed));
  return make_graph(spec, source[0]);
}

Tensor TrainedGraphs::probabilities(const Vectors& vectors,
                                    const std::vector<SentenceGraph>& graphs) const {
  std::vector<Item> items;
  for (std::size_t d = 0; d < graphs.size(); ++d)
    items.push_back({static_cast<int64_t>(d), &graphs[d], 0});
  return at::softmax(logits_of(graph_net->trainee(), vectors, items).to(torch::kDouble), 1);
}

namespace {

struct Data {
  Corpus corpus;
  Parts parts;
};

/// All documents in one corpus; test files become its test part.
Data read_data(const Spec& spec) {
  Data data;
  data.corpus = load_corpus(spec, spec.data.paths, data::Labels::kRead);
  const auto seed = static_cast<uint64_t>(spec.data.split_seed);
  if (spec.data.test_paths.empty()) {
    data.parts = split_parts(data.corpus, spec.data.shares, seed);
    return data;
  }
  data.parts = split_parts(data.corpus, {spec.data.shares.valid, 0}, seed);
  auto test = load_corpus(spec, spec.data.test_paths, data::Labels::kRead);
  map_labels(test, data.corpus.classes);
  for (auto& document : test.documents) {
    data.parts.test.push_back(data.corpus.size());
    data.corpus.documents.push_back(std::move(document));
  }
  data.corpus.notes.insert(data.corpus.notes.end(), test.notes.begin(), test.notes.end());
  group_like_texts(data.corpus);
  return data;
}

/// Test texts that are in the training files too: they measure memory.
std::string shared_texts(const Data& data) {
  std::vector<bool> seen(data.corpus.documents.size(), false);
  for (const auto* part : {&data.parts.train, &data.parts.valid}) {
    for (const auto row : *part)
      seen[static_cast<std::size_t>(data.corpus.groups[static_cast<std::size_t>(row)])] = true;
  }
  int64_t count = 0;
  for (const auto row : data.parts.test)
    count += seen[static_cast<std::size_t>(data.corpus.groups[static_cast<std::size_t>(row)])];
  return count == 0 ? "" : std::to_string(count) + " test texts are in the training data too";
}

void learn_vectors(const Data& data, TrainedGraphs& model, Vectors& vectors, const Progress& tell) {
  const auto& spec = model.spec;
  std::vector<float> values;
  tell(0, "learning from training sentences");
  if (!spec.vector_file.empty()) {
    auto file = read_vectors(spec.vector_file, data.corpus, 0);
    values = std::move(file.values);
    model.width = file.width;
    spec.attention.check(model.width);
  } else {
    const auto training = all_sentences(data.corpus, data.parts.train);
    model.encoder = make_encoder(spec.vectors, training);
    model.width = spec.vectors.width;
    tell(0.6, "encoding");
    values = model.encoder->encode(all_sentences(data.corpus));
  }
  model.scale = scale_of(data.corpus, values, model.width, data.parts.train);
  vectors = vectors_of(data.corpus, values, model.width, model.scale);
  tell(1, "width " + std::to_string(model.width));
}

std::vector<double> confusion_of(const Tensor& logits, const std::vector<Item>& items,
                                 std::size_t classes) {
  std::vector<double> counts(classes * classes, 0);
  const auto answers = logits.argmax(1).contiguous();
  for (std::size_t i = 0; i < items.size(); ++i)
    counts[static_cast<std::size_t>(items[i].label) * classes +
           static_cast<std::size_t>(answers.data_ptr<int64_t>()[i])] += 1;
  return counts;
}

void count(const Data& data, Outcome& outcome) {
  outcome.documents = data.corpus.size();
  outcome.sentences = data.corpus.sentences();
  outcome.duplicates = count_duplicates(data.corpus);
  outcome.train = static_cast<int64_t>(data.parts.train.size());
  outcome.valid = static_cast<int64_t>(data.parts.valid.size());
  outcome.tested = static_cast<int64_t>(data.parts.test.size());
}

std::string counts_sentence(const Outcome& o, std::size_t classes) {
  return std::to_string(o.documents) + " documents of " + std::to_string(classes) + " classes, " +
         std::to_string(o.sentences) + " sentences, " + std::to_string(o.duplicates) +
         " duplicates; " + std::to_string(o.train) + " to train, " + std::to_string(o.valid) +
         " to validate, " + std::to_string(o.tested) + " to test";
}

}  // namespace

Training train(const Spec& given, const std::function<void(const std::string&)>& say) {
  given.check();
  Training made;
  auto& model = made.model;
  auto& outcome = made.outcome;
  model.spec = given;
  const auto& spec = model.spec;
  const auto graph_spec = parse_graph(spec.graph);
  const auto data = read_data(spec);
  model.classes = data.corpus.classes;
  for (const auto& note : data.corpus.notes) say(note);
  count(data, outcome);
  say(counts_sentence(outcome, model.classes.size()));
  if (const auto shared = shared_texts(data); !shared.empty()) say(shared);
  if (const auto chosen = choose_kind(spec.vectors.kind);
      spec.vector_file.empty() && !chosen.note.empty())
    say(chosen.note);
  Vectors vectors;
  const double start = seconds_now();
  learn_vectors(data, model, vectors, progress_line("vectors"));
  outcome.encoder_seconds = seconds_now() - start;
  const auto classes = static_cast<int64_t>(model.classes.size());
  const auto seed = static_cast<uint64_t>(spec.seed);
  if (graph_spec.learned()) {
    model.attention = std::make_shared<AttentionNet>(spec.attention, model.width, classes, seed);
    outcome.attention =
        fit(model.attention->trainee(), vectors, items_of(data.corpus, data.parts.train),
            items_of(data.corpus, data.parts.valid), classes, spec.attention.fit, seed,
            progress_line("stage 1, attention"));
    outcome.attention_parameters = count_parameters(*model.attention);
    const auto test = items_of(data.corpus, data.parts.test);
    outcome.stage1 = score(logits_of(model.attention->trainee(), vectors, test), test);
  }
  const auto graphs = model.graphs(data.corpus, vectors);
  for (const auto& graph : graphs) outcome.edges += static_cast<double>(graph.count);
  outcome.edges /= static_cast<double>(graphs.size());
  model.graph_net =
      std::make_shared<GraphNet>(spec.gat, model.width, classes, pairs_of(graph_spec), seed);
  outcome.parameters = count_parameters(model.graph_net->model());
  outcome.graph =
      fit(model.graph_net->trainee(), vectors, items_of(data.corpus, graphs, data.parts.train),
          items_of(data.corpus, graphs, data.parts.valid), classes, spec.gat.fit, seed,
          progress_line("stage 2, graph network"));
  const auto test = items_of(data.corpus, graphs, data.parts.test);
  const auto logits = logits_of(model.graph_net->trainee(), vectors, test);
  outcome.test = score(logits, test);
  if (!test.empty()) outcome.confusion = confusion_of(logits, test, model.classes.size());
  return made;
}

}  // namespace regard::docgraph
