// What a run tells while it works.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace regard::train {

struct Progress {
  enum class Event { kLog, kEvaluation, kEnd };
  Event event = Event::kLog;
  int64_t step = 0;
  int64_t steps = 0;         // 0 when a time ends the run
  double fraction = 0;       // of the run, 0 to 1
  double seconds = 0;        // of training so far
  double seconds_left = -1;  // an estimate; -1 before there is one
  double tokens_per_second = 0;
  double loss = 0;
  std::vector<std::pair<std::string, double>> losses;  // auxiliary ones, by name
  double lr = 0;
  double valid_loss = 0;  // of the last evaluation, NaN before the first
  double valid_accuracy = 0;
  std::map<std::string, double> valid_scores;  // other metrics of the task, by name
  double logit_deviation = 0;                  // see Score; NaN before the first evaluation
};

using ProgressCallback = std::function<void(const Progress&)>;

/// One line on standard error that is written over on a terminal; else a plain line after each
/// tenth of the run, at least half a minute after the last. Evaluations always have their line.
/// `title` comes first.
ProgressCallback console_progress(const std::string& title);

}  // namespace regard::train
