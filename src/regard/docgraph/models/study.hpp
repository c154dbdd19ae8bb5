// Graphs side by side: each entry on the same vectors and splits, each seed through both stages.
//
//   bag_of_words   counts of words and pairs with logistic regression (baselines/)
//   mean_pool      the mean of the sentence vectors with a hidden layer
//   stage1         the attention that the learned graphs come from, alone
//   a graph        the graph network on it; random and shuffled are the controls of bound
//
// Differences to the last entry are paired over documents: the answers of all seeds are averaged
// for each document, and the interval is that of a bootstrap over the documents.
#pragma once

#include <map>
#include <nlohmann/json.hpp>

#include "regard/docgraph/models/run.hpp"

namespace regard::docgraph {

using Json = nlohmann::ordered_json;

/// One entry on one split with one seed.
struct EntryResult {
  Score test;
  std::vector<std::pair<int64_t, bool>> right;  // document, whether its answer was right
  double valid_f1 = 0, edges = 0, seconds = 0;
  double recall = -1;               // share of planted pairs found; -1: nothing is planted
  std::map<double, Score> foreign;  // by the share of foreign sentences
  std::map<double, double> clean;   // share of edges that touch none of them
};

/// Runs every entry for every seed (and fold), seeds in parallel, and gives the results as JSON.
/// `say` is called from the main thread or under a lock.
Json run_study(const Spec& spec, const std::function<void(const std::string&)>& say);

/// A test corpus with `share` of foreign sentences put at random places into each document: of a
/// document of n sentences round(share n), from other documents. `foreign` of each document says
/// which sentences they are.
struct Disturbed {
  Corpus corpus;
  std::vector<std::vector<bool>> foreign;
};
Disturbed with_foreign(const Corpus& corpus, const std::vector<int64_t>& rows, double share,
                       uint64_t seed);

/// Share of planted pairs for which the strongest link of one of the two sentences leads to the
/// other; of graphs without weights, the share of links at the sentence is counted.
double planted_recall(const Corpus& corpus, const std::vector<SentenceGraph>& graphs,
                      const std::vector<int64_t>& rows);

}  // namespace regard::docgraph
