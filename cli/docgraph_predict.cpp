// docgraph predict: labels of new texts with what stands behind them; docgraph explain: one text as
// a page.
#include <algorithm>
#include <cstdio>

#include "docgraph.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/docgraph/models/run_report.hpp"

namespace regard::cli {
namespace {

void print_table(const docgraph::TrainedGraphs& model, const docgraph::Corpus& corpus,
                 const std::vector<docgraph::Reason>& reasons) {
  report::Table table;
  table.columns = {{"document", "document", "", report::Align::kLeft},
                   {"label", "label", "", report::Align::kLeft},
                   {"probability", "probability", ""},
                   {"sentence", "strongest sentence", "", report::Align::kLeft}};
  for (std::size_t d = 0; d < reasons.size(); ++d) {
    const auto& reason = reasons[d];
    const auto& document = corpus.documents[d];
    const auto best =
        std::max_element(reason.sentences.begin(), reason.sentences.end(),
                         [](const auto& a, const auto& b) { return a.effect < b.effect; });
    auto text = document.sentences[static_cast<std::size_t>(best->sentence)];
    if (text.size() > 60) {
      std::size_t end = 60;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
      text = text.substr(0, end) + " …";
    }
    table.rows.push_back(
        {report::word(readable(document.place)),
         report::word(model.classes[static_cast<std::size_t>(reason.label)]),
         report::number(reason.probabilities[static_cast<std::size_t>(reason.label)], 3),
         report::word(text)});
  }
  std::printf("%s", report::to_text(table).c_str());
}

docgraph::Reason explain(const docgraph::TrainedGraphs& model, const docgraph::Corpus& corpus,
                         const docgraph::Vectors& vectors, int64_t document) {
  const auto graph = docgraph::document_graph(model, corpus, vectors, document);
  return docgraph::reason_of(model, vectors, document, graph);
}

}  // namespace

void add_docgraph_predict(CLI::App& docgraph) {
  auto* command = docgraph.add_subcommand(
      "predict", "labels of new texts, with the sentences and links behind them");
  command->footer("Example: regard docgraph predict runs/d new.tsv --json");
  struct State {
    std::string run, vectors;
    std::vector<std::string> data;
    bool json = false;
  };
  auto s = std::make_shared<State>();
  command->add_option("run", s->run, "folder of a run of `regard docgraph train`")->required();
  command->add_option("data", s->data, "texts, read as the run's were")->required();
  command->add_option("--vectors", s->vectors,
                      "their sentence vectors, where the run was trained on a file");
  command->add_flag("--json", s->json, "one JSON object a document, a line each");
  auto flags =
      std::make_shared<OptionFlags>(*command, docgraph::Spec().tables(), docgraph_reading_flags());
  command->callback([=] {
    auto model = docgraph::TrainedGraphs::load(s->run);
    flags->apply(model.spec.tables());
    const auto corpus = docgraph::read_new(model.spec, s->data);
    for (const auto& note : corpus.notes) std::fprintf(stderr, "%s\n", note.c_str());
    const auto vectors = model.vectors(corpus, s->vectors);
    std::vector<docgraph::Reason> reasons;
    for (int64_t d = 0; d < corpus.size(); ++d) {
      auto reason = explain(model, corpus, vectors, d);
      if (s->json) {
        auto& document = corpus.documents[static_cast<std::size_t>(d)];
        std::printf("%s\n", docgraph::reason_json(model, document, reason).dump().c_str());
      } else {
        reasons.push_back(std::move(reason));
      }
    }
    if (!s->json) print_table(model, corpus, reasons);
  });
}

void add_docgraph_explain(CLI::App& docgraph) {
  auto* command = docgraph.add_subcommand(
      "explain", "one text as a page: shaded sentences, and its kept links as arcs");
  command->footer("Example: regard docgraph explain runs/d letter.txt --out letter.html");
  struct State {
    std::string run, text, out, vectors;
  };
  auto s = std::make_shared<State>();
  command->add_option("run", s->run, "folder of a run of `regard docgraph train`")->required();
  command->add_option("text", s->text, "a file with one text")->required();
  command->add_option("--out", s->out, "the page")->required();
  command->add_option("--vectors", s->vectors,
                      "its sentence vectors, where the run was trained on a file");
  auto flags = std::make_shared<OptionFlags>(
      *command, docgraph::Spec().tables(),
      std::vector<OptionFlags::Flag>{{"--language", "data", "language"},
                                     {"--encoding", "data", "encoding"}});
  command->callback([=] {
    auto model = docgraph::TrainedGraphs::load(s->run);
    flags->apply(model.spec.tables());
    const auto corpus = docgraph::read_text(model.spec, s->text);
    const auto vectors = model.vectors(corpus, s->vectors);
    const auto reason = explain(model, corpus, vectors, 0);
    report::write_document(docgraph::reason_page(model, corpus.documents[0], reason), s->out);
    std::printf("%s, probability %.3f; %s\n",
                model.classes[static_cast<std::size_t>(reason.label)].c_str(),
                reason.probabilities[static_cast<std::size_t>(reason.label)], s->out.c_str());
  });
}

}  // namespace regard::cli
