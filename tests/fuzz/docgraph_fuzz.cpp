// Any text as a document: its sentences, words, vectors and controls; and any text as a graph's
// name.
#include <cmath>
#include <cstdlib>

#include "fuzz/reader_case.hpp"
#include "regard/base/utf8.hpp"
#include "regard/docgraph/corpus.hpp"
#include "regard/docgraph/hash_encoder.hpp"
#include "regard/docgraph/sentence_graph.hpp"

using namespace regard;
using namespace regard::docgraph;

std::vector<std::string> fuzz_seeds() {
  return {"Mr. Smith met Dr. Lee in St. Louis on Jan. 5. The U.S. Army said so.",
          "Das ist z. B. wahr. Dr. Müller kam am 3. Oktober.\n\nEr wohnt in der Str. 5.",
          "bound(rule=max,delta=0.5)",
          "shuffled(degree=4)",
          "knn(degree=2)",
          "A.\r\n\r\nB? \"C!\" ."};
}

namespace {

void check_document(std::string_view content, Language language) {
  const auto document = document_of("fuzz", std::string(content), language);
  if (document.sentences.empty()) std::abort();
  for (const auto& sentence : document.sentences) {
    if (!is_utf8(sentence) || sentence.find('\n') != sentence.npos) std::abort();
  }
  if (plain_sentences_of(content, language).size() < sentences_of(content, language).size())
    std::abort();
  Corpus corpus;
  corpus.documents = {document, document};
  group_like_texts(corpus);
  if (corpus.groups[0] != corpus.groups[1] || count_duplicates(corpus) != 1) std::abort();
  const auto vectors = HashEncoder(4, 1).encode(document.sentences);
  const auto n = std::min<int64_t>(static_cast<int64_t>(document.sentences.size()), 12);
  GraphSource source;
  source.sentences = n;
  source.vectors = std::span(vectors).first(static_cast<std::size_t>(4 * n));
  for (int64_t i = 0; i < n; ++i) {
    source.ids.push_back(i % 3);
    source.own.push_back(.5);
    source.kept.push_back({i, (i * 7 + 1) % n, .25});
  }
  for (const auto* name : {"bound", "bound(mode=paper)", "shuffled", "random", "window", "knn"}) {
    const auto graph = make_graph(parse_graph(name), source);
    if (graph.edges.queries() != graph.size()) std::abort();
    for (const double gate : graph.edges.log_gates) {
      if (!std::isfinite(gate)) std::abort();
    }
    if (graph.size() > 1) without_node(graph, 0);
    if (!graph.links.empty()) without_link(graph, graph.links[0]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  data::try_to_read(data, size, [](std::string_view content) {
    check_document(content, Language::kEnglish);
    check_document(content, Language::kGerman);
  });
  data::try_to_read(data, size,
                    [](std::string_view content) { parse_graph(std::string(content)); });
  return 0;
}
