// The results of a comparison as JSON: means with intervals, and differences paired over documents.
#include "regard/docgraph/models/study.hpp"
#include "regard/report/statistics.hpp"
#include "regard/run/machine.hpp"

namespace regard::docgraph {
namespace {

Json interval_json(const std::vector<double>& values) {
  const auto interval = report::mean_interval(values);
  Json json = {{"mean", interval.centre}};
  json["half"] = interval.known() ? Json(interval.half) : Json(nullptr);
  json["values"] = values;
  return json;
}

Json entry_json(const Spec& spec, std::size_t entry,
                const std::vector<std::vector<EntryResult>>& results) {
  std::vector<double> accuracy, f1, edges, seconds, recall;
  std::map<double, std::vector<double>> foreign, clean;
  for (const auto& job : results) {
    const auto& r = job[entry];
    accuracy.push_back(r.test.accuracy);
    f1.push_back(r.test.f1);
    edges.push_back(r.edges);
    seconds.push_back(r.seconds);
    if (r.recall >= 0) recall.push_back(r.recall);
    for (const auto& [share, s] : r.foreign) foreign[share].push_back(s.accuracy);
    for (const auto& [share, c] : r.clean) clean[share].push_back(c);
  }
  Json json = {{"entry", spec.compare.entries[entry]},
               {"accuracy", interval_json(accuracy)},
               {"f1", interval_json(f1)}};
  if (is_graph_entry(spec.compare.entries[entry])) json["edges"] = report::mean(edges);
  json["seconds"] = report::mean(seconds);
  if (!recall.empty()) json["recall"] = interval_json(recall);
  for (const auto& [share, values] : foreign) {
    Json row = {{"share", share}, {"accuracy", interval_json(values)}};
    if (clean.contains(share)) row["clean_edges"] = report::mean(clean[share]);
    json["foreign"].push_back(row);
  }
  return json;
}

/// The answers of all seeds, averaged for each document that was in a test.
std::map<int64_t, double> by_document(std::size_t entry,
                                      const std::vector<std::vector<EntryResult>>& results) {
  std::map<int64_t, std::pair<double, double>> sums;
  for (const auto& job : results) {
    for (const auto& [document, right] : job[entry].right) {
      sums[document].first += right ? 1 : 0;
      sums[document].second += 1;
    }
  }
  std::map<int64_t, double> means;
  for (const auto& [document, sum] : sums) means[document] = sum.first / sum.second;
  return means;
}

}  // namespace

Json study_json(const StudyFacts& facts, const std::vector<std::vector<EntryResult>>& results) {
  const auto& spec = facts.spec;
  Json json = {{"title", spec.title},
               {"documents", facts.corpus.size()},
               {"sentences", facts.corpus.sentences()},
               {"duplicates", count_duplicates(facts.corpus)},
               {"classes", facts.corpus.classes},
               {"seeds", spec.seeds},
               {"folds", spec.data.folds},
               {"train", facts.train},
               {"valid", facts.valid},
               {"test", facts.test},
               {"vectors", facts.vectors},
               {"width", facts.width},
               {"seconds", facts.seconds},
               {"threads", spec.threads}};
  const auto count = spec.compare.entries.size();
  for (std::size_t e = 0; e < count; ++e) json["entries"].push_back(entry_json(spec, e, results));
  const auto ours = by_document(count - 1, results);
  for (std::size_t e = 0; e + 1 < count; ++e) {
    const auto theirs = by_document(e, results);
    std::vector<double> differences;
    for (const auto& [document, right] : ours) differences.push_back(right - theirs.at(document));
    const auto d = report::bootstrap(differences);
    json["differences"].push_back({{"entry", spec.compare.entries[count - 1]},
                                   {"against", spec.compare.entries[e]},
                                   {"documents", differences.size()},
                                   {"mean", d.centre},
                                   {"low", d.low},
                                   {"high", d.high}});
  }
  for (const auto& [name, value] : run::machine_facts()) json["machine"][name] = value;
  return json;
}

}  // namespace regard::docgraph
