// One training run: recipe -> run folder with recipe.toml, metrics.jsonl, checkpoints, result.json,
// report.html.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "regard/lab/machine.hpp"
#include "regard/lab/recipe.hpp"
#include "regard/train/loop.hpp"

namespace regard::lab {

/// What a finished run came to; result.json holds the same.
struct RunResult {
  std::string phrase;
  std::string task;
  std::string
      unit;  // what one prediction of a language model stands for: "character", "byte", "word"
  int64_t seed = 0;
  int64_t parameters = 0;
  int64_t attention_parameters = -1;  // of all projections, graphs and folds; -1: not known
  double cache_bytes = -1;            // that generation keeps of a token; -1: no language model
  train::Outcome outcome;
  double test_loss = 0, test_accuracy = 0;    // of the best checkpoint; NaN without test data
  std::map<std::string, double> test_scores;  // other metrics of the task, by name
  double predictor_share = 0;        // of a step, of graphs that learn which edges they keep
  std::string one_answer;            // the label of every validation example, or ""
  std::vector<std::string> kernels;  // that ran, by name
  Environment environment;           // machine and versions of the training
};

enum class Start { kNew, kResume };
enum class Report { kWrite, kNone };

/// Trains by `recipe` in `folder`. A finished run is not repeated. Sentences about the data go to
/// standard error.
RunResult train_run(const Recipe& recipe, const std::filesystem::path& folder, Start start,
                    Report report);

/// Reads result.json; InputError where there is none.
RunResult read_result(const std::filesystem::path& folder);
bool is_finished(const std::filesystem::path& folder);

/// "runs/<name of the data>" unless the recipe names a folder.
std::filesystem::path default_folder(const Recipe& recipe);

}  // namespace regard::lab
