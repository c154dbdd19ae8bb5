// What an ensemble of walks says: a sentence, tables, JSON, a page, and its run in a folder.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "regard/base/json.hpp"
#include "regard/report/document.hpp"
#include "regard/run/folder.hpp"
#include "regard/theory/markov/ensemble.hpp"

namespace regard::markov {

/// An ensemble with what theory says of it.
struct WalkResult {
  WalkSpec spec;
  Chain chain;  // on the tokens of the prompt, with the attention temperature
  std::vector<int32_t> prompt;
  std::string sampler;
  Ensemble ensemble;
  std::vector<Equilibrium> ends;  // stable ones; empty where sampling powers the counts
};

std::string sentence(const WalkResult& result);
report::Table winner_table(const WalkResult& result);
/// A row for each loser of each winner: slope of log N against log t, measured and predicted.
report::Table slope_table(const WalkResult& result);
Json to_json(const WalkResult& result);
std::string means_csv(const WalkResult& result);

using Environment = std::vector<std::pair<std::string, std::string>>;
report::Document page(const WalkResult& result, const Environment& environment);
report::Figure decay_figure(const WalkResult& result);
/// K = 3 alone; without variants otherwise.
report::Figure simplex_figure(const WalkResult& result);

/// Runs the ensemble in `folder` with checkpoints between blocks of runs, or goes on from the last
/// one. It leaves recipe.toml, last.safetensors, means.csv, result.json and report.html: the same
/// bytes, killed and resumed or not.
WalkResult walk_in(const run::Folder* folder, const WalkSpec& spec, int64_t threads,
                   const Environment& environment);

}  // namespace regard::markov
