// The runs of a comparison: each in a process of its own, several at a time, with one line of
// progress.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "regard/lab/recipe.hpp"

namespace regard::lab {

struct Job {
  std::string phrase;  // canonical
  int64_t seed = 0;
  int64_t mlp = 0;  // of an equal-parameter budget; 0: as the recipe says
  std::filesystem::path folder;
  bool no_weight_dropout = false;  // its fold has no pairwise weights
};

/// How many runs at a time, with how many threads; `steps` of a run, or 0 when seconds end it.
struct JobPlan {
  int64_t parallel = 1, threads = 1, steps = 0;
};

/// Runs by `folder`/recipe.toml what is not finished yet. A run that fails leaves error.txt in its
/// folder, and the others go on.
/// RunError when none finished; Interrupted, after all have saved, on SIGINT, SIGTERM and SIGHUP.
void run_jobs(const Recipe& recipe, const std::filesystem::path& folder,
              const std::vector<Job>& jobs, const JobPlan& plan);

}  // namespace regard::lab
