#include "regard/docgraph/models/run_report.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/json.hpp"
#include "regard/base/utf8.hpp"
#include "regard/run/machine.hpp"

namespace regard::docgraph {
using report::Align;
using report::number;
using report::word;
namespace {

report::Block block_of(const std::string& heading, report::Table table) {
  report::Block block;
  block.heading = heading;
  block.table = std::move(table);
  return block;
}

std::string percent(double share) { return report::fixed(100 * share, 1) + " %"; }

report::Table stage_table(const Training& t) {
  report::Table table;
  table.columns = {{"stage", "stage", "", Align::kLeft},
                   {"valid_f1", "macro-F1, validation", "%"},
                   {"test_accuracy", "accuracy, test", "%"},
                   {"test_f1", "macro-F1, test", "%"},
                   {"epochs", "epochs", ""},
                   {"parameters", "parameters", ""},
                   {"seconds", "time", "s"}};
  const auto row = [&](const char* name, const FitResult& fit, const Score& test, int64_t size) {
    const bool tested = t.outcome.tested > 0;
    table.rows.push_back({word(name), number(100 * fit.f1, 1),
                          number(tested ? 100 * test.accuracy : report::kAbsent, 1),
                          number(tested ? 100 * test.f1 : report::kAbsent, 1),
                          number(static_cast<double>(fit.epochs), 0),
                          number(static_cast<double>(size), 0), number(fit.seconds, 1)});
  };
  if (t.model.attention)
    row("1, attention alone", t.outcome.attention, t.outcome.stage1,
        t.outcome.attention_parameters);
  row("2, graph network", t.outcome.graph, t.outcome.test, t.outcome.parameters);
  return table;
}

report::Table confusion_table(const Training& t) {
  report::Table table;
  const auto& classes = t.model.classes;
  table.columns.push_back({"truth", "truth", "", Align::kLeft});
  for (const auto& name : classes) table.columns.push_back({"as_" + name, "as " + name, ""});
  for (std::size_t i = 0; i < classes.size(); ++i) {
    std::vector<report::Cell> row = {word(classes[i])};
    for (std::size_t j = 0; j < classes.size(); ++j)
      row.push_back(number(t.outcome.confusion[i * classes.size() + j], 0));
    table.rows.push_back(std::move(row));
  }
  return table;
}

report::Passage passage_of(const Document& document, const Reason& reason) {
  report::Passage passage;
  passage.unit = "log-odds that are lost without it";
  for (const auto& sentence : document.sentences) passage.sentences.push_back({sentence, 0});
  for (const auto& s : reason.sentences)
    passage.sentences[static_cast<std::size_t>(s.sentence)].effect = s.effect;
  for (const auto& link : reason.kept) {
    double effect = 0;
    for (const auto& known : reason.links) {
      if (known.a == link.a && known.b == link.b) effect = known.effect;
    }
    passage.links.push_back({link.a, link.b, link.weight, effect});
  }
  return passage;
}

/// Sentences by the size of their effect.
std::vector<SentenceEffect> strongest(const Reason& reason) {
  auto sentences = reason.sentences;
  std::stable_sort(sentences.begin(), sentences.end(), [](const auto& a, const auto& b) {
    return std::abs(a.effect) > std::abs(b.effect);
  });
  sentences.resize(std::min(sentences.size(), kStrongest));
  return sentences;
}

report::Table link_table(const Document& document, const Reason& reason) {
  report::Table table;
  table.columns = {{"first", "sentence", "", Align::kLeft},
                   {"second", "linked with", "", Align::kLeft},
                   {"weight", "weight", ""},
                   {"effect", "effect", "log-odds"}};
  const auto shown = [&](int64_t i) {
    const auto& text = document.sentences[static_cast<std::size_t>(i)];
    std::size_t end = std::min<std::size_t>(text.size(), 70);
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    return std::to_string(i + 1) + "  " + text.substr(0, end) + (end < text.size() ? " …" : "");
  };
  for (std::size_t i = 0; i < std::min(reason.links.size(), kStrongest); ++i) {
    const auto& link = reason.links[i];
    table.rows.push_back(
        {word(shown(link.a)), word(shown(link.b)), number(link.weight, 3), number(link.effect, 3)});
  }
  if (reason.cut)
    table.notes.push_back("Effects of the " + std::to_string(kMostLinks) +
                          " links with the largest weights; the others were not tried.");
  return table;
}

}  // namespace

Json run_json(const Training& t) {
  const auto& o = t.outcome;
  Json json = {{"documents", o.documents},
               {"sentences", o.sentences},
               {"duplicates", o.duplicates},
               {"train", o.train},
               {"valid", o.valid},
               {"test", o.tested},
               {"edges", o.edges},
               {"valid_f1", o.graph.f1},
               {"valid_accuracy", o.graph.accuracy},
               {"parameters", o.parameters},
               {"encoder_seconds", o.encoder_seconds},
               {"graph_seconds", o.graph.seconds}};
  if (o.tested > 0) {
    json["test_accuracy"] = o.test.accuracy;
    json["test_f1"] = o.test.f1;
  }
  if (t.model.attention) {
    json["stage1"] = {{"valid_f1", o.attention.f1},
                      {"parameters", o.attention_parameters},
                      {"seconds", o.attention.seconds}};
    if (o.tested > 0) {
      json["stage1"]["test_accuracy"] = o.stage1.accuracy;
      json["stage1"]["test_f1"] = o.stage1.f1;
    }
  }
  return json;
}

std::string run_text(const Training& t) {
  const auto& o = t.outcome;
  std::string text = report::to_text(stage_table(t), 120);
  if (o.tested > 0)
    text += "test: accuracy " + percent(o.test.accuracy) + ", macro-F1 " + percent(o.test.f1) +
            " on " + std::to_string(o.tested) + " documents\n";
  return text + t.model.spec.graph + ": " + report::fixed(o.edges, 1) + " edges a document\n";
}

report::Document run_page(const Training& t) {
  const auto& o = t.outcome;
  report::Document page;
  page.kicker = "Regard · document graphs";
  page.title = t.model.spec.title;
  page.scope = std::to_string(o.documents) + " documents · " + std::to_string(o.sentences) +
               " sentences · " + std::to_string(o.duplicates) + " duplicates · graph " +
               t.model.spec.graph;
  page.sentence = o.tested > 0 ? "The graph network labels " + percent(o.test.accuracy) + " of " +
                                     std::to_string(o.tested) +
                                     " test documents rightly, with a macro-F1 of " +
                                     percent(o.test.f1) + "."
                               : "The graph network has a macro-F1 of " + percent(o.graph.f1) +
                                     " on " + std::to_string(o.valid) +
                                     " validation documents; nothing was held out "
                                     "as a test.";
  page.remarks.push_back("Each document has " + report::fixed(o.edges, 1) +
                         " edges between its sentences. Whether they help is what `regard docgraph "
                         "compare` measures: with edges by chance, with sentences permuted, and "
                         "without a graph.");
  page.blocks.push_back(block_of("Both stages", stage_table(t)));
  if (!o.confusion.empty())
    page.blocks.push_back(block_of("Test documents by class", confusion_table(t)));
  page.environment = run::machine_facts();
  return page;
}

Json reason_json(const TrainedGraphs& model, const Document& document, const Reason& reason) {
  Json json = {{"document", readable(document.place)},
               {"label", model.classes[static_cast<std::size_t>(reason.label)]},
               {"probability", reason.probabilities[static_cast<std::size_t>(reason.label)]}};
  for (std::size_t c = 0; c < model.classes.size(); ++c)
    json["probabilities"][model.classes[c]] = reason.probabilities[c];
  json["edges"] = reason.edges;
  json["sentences"] = Json::array();
  for (const auto& s : strongest(reason))
    json["sentences"].push_back({{"sentence", s.sentence + 1},
                                 {"text", document.sentences[static_cast<std::size_t>(s.sentence)]},
                                 {"effect", s.effect}});
  json["links"] = Json::array();
  for (std::size_t i = 0; i < std::min(reason.links.size(), kStrongest); ++i) {
    const auto& link = reason.links[i];
    json["links"].push_back({{"sentences", {link.a + 1, link.b + 1}},
                             {"weight", link.weight},
                             {"effect", link.effect}});
  }
  return json;
}

report::Document reason_page(const TrainedGraphs& model, const Document& document,
                             const Reason& reason) {
  report::Document page;
  const auto& label = model.classes[static_cast<std::size_t>(reason.label)];
  page.kicker = "Regard · explanation of a document";
  page.title = readable(document.place);
  page.scope = std::to_string(document.sentences.size()) + " sentences · " +
               std::to_string(reason.edges) + " edges · graph " + model.spec.graph;
  page.sentence = "Label: " + label + ", with probability " +
                  percent(reason.probabilities[static_cast<std::size_t>(reason.label)]) + ".";
  page.remarks = {
      "The number of a sentence or link is what the log-odds of the label lose when it "
      "is taken out of the graph and the graph is not learned anew.",
      "Probabilities are not calibrated."};
  report::Block text;
  text.heading = "The text and its kept links";
  text.lead =
      "Arcs join sentences that the graph links; a thicker arc has a larger attention weight.";
  text.passage = passage_of(document, reason);
  page.blocks.push_back(std::move(text));
  if (!reason.links.empty())
    page.blocks.push_back(
        block_of("Links with the strongest effect", link_table(document, reason)));
  page.environment = run::machine_facts();
  return page;
}

}  // namespace regard::docgraph
