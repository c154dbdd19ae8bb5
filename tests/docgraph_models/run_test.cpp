#include "regard/docgraph/models/run.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "regard/docgraph/models/foreign.hpp"
#include "regard/docgraph/models/reasons.hpp"

namespace regard::docgraph {
namespace {
using torch::Tensor;

Spec small_spec() {
  Spec spec;
  spec.planted_data = true;
  spec.planted.documents = 240;
  spec.planted.sentences = 6;
  spec.vectors.kind = "hash";
  spec.vectors.width = 16;
  spec.attention.fit.epochs = 2;
  spec.gat.width = 16;
  spec.gat.fit.epochs = 2;
  return spec;
}

const Training& training() {
  static const auto made = train(small_spec(), [](const std::string&) {});
  return made;
}

TEST(Run, SavesAndLoadsToTheSameProbabilities) {
  const auto folder = std::filesystem::temp_directory_path() / "regard_docgraph_run";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto& model = training().model;
  model.save(folder);
  const auto loaded = TrainedGraphs::load(folder);
  std::filesystem::remove_all(folder);
  const auto corpus = planted_corpus(small_spec().planted);
  const auto vectors = model.vectors(corpus, "");
  const auto one = model.probabilities(vectors, model.graphs(corpus, vectors));
  const auto again = loaded.vectors(corpus, "");
  const auto two = loaded.probabilities(again, loaded.graphs(corpus, again));
  EXPECT_TRUE(at::equal(one, two));
  EXPECT_LE((one.sum(1) - 1).abs().max().item<double>(), 1e-9);
}

TEST(Run, TheSameSeedGivesTheSameBits) {
  const auto again = train(small_spec(), [](const std::string&) {});
  EXPECT_EQ(again.outcome.graph.f1, training().outcome.graph.f1);
  const auto a = named_tensors(again.model.graph_net->model(), ""),
             b = named_tensors(training().model.graph_net->model(), "");
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(at::equal(a[i].second, b[i].second));
}

TEST(Run, BatchesGiveTheLogitsOfEachDocumentAlone) {
  const auto& model = training().model;
  auto planted = small_spec().planted;
  planted.documents = 20;
  auto corpus = planted_corpus(planted);
  corpus.documents[3].sentences.resize(1);
  corpus.documents[5].sentences.resize(3);
  const auto vectors = model.vectors(corpus, "");
  const auto graphs = model.graphs(corpus, vectors);
  const auto together = model.probabilities(vectors, graphs);
  for (int64_t d = 0; d < corpus.size(); ++d) {
    const auto alone = at::softmax(logits_of(model.graph_net->trainee(), vectors,
                                             {{d, &graphs[static_cast<std::size_t>(d)], 0}})
                                       .to(torch::kDouble),
                                   1);
    EXPECT_LE((alone[0] - together[d]).abs().max().item<double>(), 1e-5);
  }
}

TEST(Reasons, AnEffectIsTheDropInLogOdds) {
  const auto& model = training().model;
  const auto corpus = planted_corpus(small_spec().planted);
  const auto vectors = model.vectors(corpus, "");
  const auto graph = document_graph(model, corpus, vectors, 0);
  const auto reason = reason_of(model, vectors, 0, graph);
  ASSERT_EQ(reason.sentences.size(), 6U);
  ASSERT_FALSE(reason.links.empty());
  const auto odds = [&](const SentenceGraph& g) {
    const auto p = at::softmax(
        logits_of(model.graph_net->trainee(), vectors, {{0, &g, 0}}).to(torch::kDouble), 1);
    const double one = p[0][reason.label].item<double>();
    return std::log(one / (1 - one));
  };
  EXPECT_NEAR(reason.sentences[2].effect, odds(graph) - odds(without_node(graph, 2)), 1e-5);
  const auto& link = reason.links[0];
  EXPECT_NEAR(link.effect, odds(graph) - odds(without_link(graph, {link.a, link.b, 0})), 1e-5);
  for (const auto& other : reason.links) EXPECT_LE(std::abs(other.effect), std::abs(link.effect));
}

TEST(Study, ForeignSentencesComeFromOtherDocuments) {
  const auto corpus = planted_corpus(small_spec().planted);
  const std::vector<int64_t> rows = {0, 1, 2, 3};
  const auto made = with_foreign(corpus, rows, .5, 1);
  ASSERT_EQ(made.corpus.size(), 4);
  for (std::size_t d = 0; d < 4; ++d) {
    const auto& document = made.corpus.documents[d];
    EXPECT_EQ(document.sentences.size(), 9U);
    std::vector<std::string> own;
    for (std::size_t s = 0; s < 9; ++s) {
      if (!made.foreign[d][s]) own.push_back(document.sentences[s]);
    }
    EXPECT_EQ(own, corpus.documents[d].sentences);
    const auto [a, b] = document.planted[0];
    const auto [x, y] = corpus.documents[d].planted[0];
    EXPECT_EQ(document.sentences[static_cast<std::size_t>(a)],
              corpus.documents[d].sentences[static_cast<std::size_t>(x)]);
    EXPECT_EQ(document.sentences[static_cast<std::size_t>(b)],
              corpus.documents[d].sentences[static_cast<std::size_t>(y)]);
  }
  EXPECT_EQ(with_foreign(corpus, rows, 0, 1).corpus.documents[1].sentences,
            corpus.documents[1].sentences);
}

TEST(Study, RecallOfThePlantedGraphIsOne) {
  const auto corpus = planted_corpus(small_spec().planted);
  const auto& model = training().model;
  const auto vectors = model.vectors(corpus, "");
  const std::vector<int64_t> rows = {0, 5, 9};
  EXPECT_EQ(
      planted_recall(corpus, graphs_of(parse_graph("planted"), corpus, vectors, nullptr, 1), rows),
      1);
  const auto order = planted_recall(
      corpus, graphs_of(parse_graph("window(width=6)"), corpus, vectors, nullptr, 1), rows);
  EXPECT_NEAR(order, 1.0 / 5, 1e-9);  // all links of a sentence are as strong
}

}  // namespace
}  // namespace regard::docgraph
