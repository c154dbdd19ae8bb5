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

#include "regard/base/json.hpp"
#include "regard/docgraph/models/run.hpp"

namespace regard::docgraph {

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

/// The results of every run (jobs, entries) as JSON, with differences to the last entry.
struct StudyFacts {
  const Spec& spec;
  const Corpus& corpus;
  std::size_t train = 0, valid = 0, test = 0;
  std::string vectors;
  int64_t width = 0;
  double seconds = 0;
};
Json study_json(const StudyFacts& facts, const std::vector<std::vector<EntryResult>>& results);

}  // namespace regard::docgraph
