#include "regard/docgraph/models/study_report.hpp"

#include <algorithm>
#include <map>

namespace regard::docgraph {
using report::Align;
using report::fixed;
using report::number;
using report::word;
namespace {

report::Cell interval_cell(const Json& json) {
  const report::Interval interval{json.at("mean").get<double>(), number_of(json.at("half")),
                                  static_cast<int64_t>(json.at("values").size())};
  return report::interval(interval, 1, 100);
}

bool any_has(const Json& results, const char* key) {
  return std::any_of(results.at("entries").begin(), results.at("entries").end(),
                     [&](const Json& entry) { return entry.contains(key); });
}

std::string kind_of(const std::string& entry) { return entry.substr(0, entry.find('(')); }

std::string points(double value) {
  return (value < 0 ? "−" : "+") + fixed(100 * std::abs(value), 1);
}

report::Table foreign_table(const Json& results) {
  report::Table table;
  table.columns.push_back({"entry", "entry", "", Align::kLeft});
  const auto& first = *std::find_if(results.at("entries").begin(), results.at("entries").end(),
                                    [](const Json& entry) { return entry.contains("foreign"); });
  for (const auto& row : first.at("foreign")) {
    const auto share = fixed(100 * row.at("share").get<double>(), 0);
    table.columns.push_back({"accuracy_" + share, "accuracy at " + share + " %", "%"});
  }
  for (const auto& row : first.at("foreign")) {
    const auto share = fixed(100 * row.at("share").get<double>(), 0);
    table.columns.push_back({"clean_" + share, "clean edges at " + share + " %", "%"});
  }
  for (const auto& entry : results.at("entries")) {
    if (!entry.contains("foreign")) continue;
    std::vector<report::Cell> cells = {word(entry.at("entry"))};
    for (const auto& row : entry.at("foreign")) cells.push_back(interval_cell(row.at("accuracy")));
    for (const auto& row : entry.at("foreign"))
      cells.push_back(number(100 * number_of(row, "clean_edges"), 1));
    table.rows.push_back(std::move(cells));
  }
  table.notes.push_back(
      "Sentences of other test documents at random places, as many as the share of the document's "
      "own. Clean edges touch none of them.");
  return table;
}

/// Accuracy of each entry with its interval, as horizontal lines.
report::Figure accuracy_figure(const Json& results) {
  Json names = Json::array(), values = Json::array(), halves = Json::array();
  for (auto at = results.at("entries").rbegin(); at != results.at("entries").rend(); ++at) {
    names.push_back(at->at("entry"));
    values.push_back(100 * at->at("accuracy").at("mean").get<double>());
    const auto& half = at->at("accuracy").at("half");
    halves.push_back(half.is_null() ? Json(0) : Json(100 * half.get<double>()));
  }
  report::Figure figure;
  figure.id = "accuracy";
  figure.caption = "Test accuracy; bars are 95 % intervals over the runs.";
  figure.description = "Test accuracy of every entry with its interval";
  const Json trace = {{"type", "scatter"},
                      {"mode", "markers"},
                      {"x", values},
                      {"y", names},
                      {"marker", {{"size", 9}, {"color", "#0072B2"}}},
                      {"error_x", {{"type", "data"}, {"array", halves}, {"color", "#0072B2"}}},
                      {"hovertemplate", "%{y}: %{x:.1f} %<extra></extra>"}};
  const Json layout = {{"xaxis", {{"title", {{"text", "accuracy, %"}}}}},
                       {"yaxis", {{"automargin", true}, {"type", "category"}}},
                       {"showlegend", false}};
  figure.variants = {{"accuracy", Json::array({trace}), layout}};
  return figure;
}

}  // namespace

report::Table study_table(const Json& results) {
  const bool recall = any_has(results, "recall");
  report::Table table;
  table.columns = {{"entry", "entry", "", Align::kLeft},
                   {"accuracy", "accuracy", "%"},
                   {"f1", "macro-F1", "%"},
                   {"edges", "edges a document", ""}};
  if (recall) table.columns.push_back({"recall", "planted pairs found", "%"});
  table.columns.push_back({"seconds", "time", "s"});
  for (const auto& entry : results.at("entries")) {
    std::vector<report::Cell> row = {word(entry.at("entry")), interval_cell(entry.at("accuracy")),
                                     interval_cell(entry.at("f1")),
                                     number(number_of(entry, "edges"), 1)};
    if (recall)
      row.push_back(entry.contains("recall") ? interval_cell(entry.at("recall"))
                                             : number(report::kAbsent, 1));
    row.push_back(number(number_of(entry, "seconds"), 1));
    table.rows.push_back(std::move(row));
  }
  const auto runs = results.at("entries").at(0).at("accuracy").at("values").size();
  table.notes.push_back(runs > 1 ? "± is half of the 95 % interval over " + std::to_string(runs) +
                                       " runs, each through both stages."
                                 : "One run: nothing is known about chance.");
  return table;
}

report::Table difference_table(const Json& results) {
  report::Table table;
  table.columns = {{"against", "against", "", Align::kLeft},
                   {"difference", "difference in accuracy", "points"},
                   {"low", "from", ""},
                   {"high", "to", ""},
                   {"documents", "documents", ""}};
  if (!results.contains("differences")) return table;
  for (const auto& d : results.at("differences")) {
    table.rows.push_back({word(d.at("against")), number(100 * number_of(d, "mean"), 1),
                          number(100 * number_of(d, "low"), 1),
                          number(100 * number_of(d, "high"), 1),
                          number(number_of(d, "documents"), 0)});
  }
  table.notes.push_back(
      "Answers of all runs are averaged for each document; 95 % by a bootstrap over documents.");
  return table;
}

std::string verdict(const Json& results) {
  const auto last = results.at("entries").back().at("entry").get<std::string>();
  if (!results.contains("differences")) return "One entry alone says nothing about structure.";
  std::map<std::string, const Json*> against;
  for (const auto& d : results.at("differences")) against[kind_of(d.at("against"))] = &d;
  std::string failed, missing;
  for (const char* control : {"shuffled", "full", "mean_pool"}) {
    const auto found = against.find(control);
    if (found == against.end()) {
      missing += (missing.empty() ? "" : ", ") + std::string("`") + control + "`";
    } else if (!(number_of(*found->second, "low") > 0)) {
      failed += (failed.empty() ? "" : ", ") + std::string("`") + control + "` (" +
                points(number_of(*found->second, "mean")) + " points, " +
                points(number_of(*found->second, "low")) + " to " +
                points(number_of(*found->second, "high")) + ")";
    }
  }
  if (!failed.empty())
    return "Structure does not help here: `" + last + "` does not beat " + failed + ".";
  if (!missing.empty())
    return "Whether structure helps was not asked: " + missing + " did not run beside `" + last +
           "`.";
  return "Structure helps here: `" + last +
         "` beats its shuffled copy, the full graph and the mean of the sentences, each with the "
         "whole interval above 0.";
}

report::Document study_page(const Json& results, const std::string& recipe) {
  report::Document page;
  page.kicker = "Regard · graphs of documents side by side";
  page.title = results.at("title");
  page.scope = std::to_string(results.at("documents").get<int64_t>()) + " documents · " +
               std::to_string(results.at("sentences").get<int64_t>()) + " sentences · vectors " +
               results.at("vectors").get<std::string>() + " of width " +
               std::to_string(results.at("width").get<int64_t>()) + " · " +
               std::to_string(results.at("seeds").size()) +
               (results.at("seeds").size() == 1 ? " seed" : " seeds");
  page.sentence = verdict(results);
  page.remarks = {
      "Structure counts only where the learned graph beats the same graph with its sentences "
      "permuted, the full graph, and the mean of the sentences."};
  report::Block entries;
  entries.heading = "Entries";
  entries.figures = {accuracy_figure(results)};
  entries.table = study_table(results);
  page.blocks.push_back(std::move(entries));
  report::Block differences;
  differences.heading = "Differences";
  differences.lead = "`" + results.at("entries").back().at("entry").get<std::string>() +
                     "` minus each other entry.";
  differences.table = difference_table(results);
  if (!differences.table.rows.empty()) page.blocks.push_back(std::move(differences));
  if (any_has(results, "foreign")) {
    report::Block foreign;
    foreign.heading = "Foreign sentences at test";
    foreign.table = foreign_table(results);
    page.blocks.push_back(std::move(foreign));
  }
  page.environment = {{"recipe", recipe}};
  for (const auto& [name, value] : results.at("machine").items())
    page.environment.emplace_back(name, value.get<std::string>());
  return page;
}

}  // namespace regard::docgraph
