// Learning the chain: the error against the number of prompts beside tr(H^+)/n, and the fit of
// prompts of one's own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "regard/base/json.hpp"
#include "regard/report/document.hpp"
#include "regard/run/recipe.hpp"
#include "regard/theory/markov/fit.hpp"

namespace regard::markov {

inline const Choices kMethods = {"newton", "mm", "gradient"};

/// The table [learn] of a recipe.
struct LearnSpec {
  std::string file;  // prompts; empty: an experiment with a random chain
  bool cross = false;
  int64_t tokens = 6, length = 8, seeds = 100, chain_seed = 1, blocks = 1;
  std::vector<double> prompts = {1000, 4000, 16000, 64000};
  std::string method = "newton";
  double ridge = 0, pseudo = 0;
  double error = 0;  // squared error for which a number of prompts is wanted; 0: none

  run::Tables tables();
  FitSpec fit() const;
  /// InputError for what has no meaning.
  void check() const;
};

/// One number of prompts of the experiment.
struct LearnPoint {
  int64_t prompts = 0;
  int64_t seeds = 0, infinite = 0;  // with finite estimates, and without
  double error = 0,
         standard_error = 0;  // sum over queries of |w - truth|^2, both centred; over the seeds
  double predicted = 0;       // sum over queries of tr(H_k^+) / n
  double steps = 0;           // of the method, the mean of the largest of a query
};
struct LearnResult {
  std::vector<LearnPoint> points;
  double slope = 0;  // of log error against log n
  // Of each query, from prompts apart: components, and the second smallest eigenvalue of its
  // Laplacian (0: disconnected).
  std::vector<int64_t> components;
  std::vector<double> fiedler;
};
LearnResult learn_experiment(const LearnSpec& spec, int64_t threads);

struct FitResult {
  PromptSet prompts;
  std::vector<ColumnFit> fits;
};
FitResult fit_file(const LearnSpec& spec, int64_t threads);

std::string sentence(const LearnSpec& spec, const LearnResult& result);
report::Table error_table(const LearnResult& result);
/// A row for each query: components and Fiedler value.
report::Table graph_table(const LearnResult& result);
Json to_json(const LearnSpec& spec, const LearnResult& result);

std::string sentence(const FitResult& result);
/// What the data cannot tell, a sentence for each query: free ratios, and infinite ones.
std::vector<std::string> untold(const FitResult& result);
/// A row for each query.
report::Table query_table(const FitResult& result, double wanted_error);
Json to_json(const FitResult& result, double wanted_error);
/// A row for each query and token.
std::string estimates_csv(const FitResult& result);

using Environment = std::vector<std::pair<std::string, std::string>>;
report::Document page(const LearnSpec& spec, const LearnResult& result,
                      const Environment& environment);
report::Document page(const LearnSpec& spec, const FitResult& result,
                      const Environment& environment);

}  // namespace regard::markov
