// The training loop: steps, metrics, evaluations, checkpoints, resume.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "regard/run/folder.hpp"
#include "regard/train/checkpoint.hpp"
#include "regard/train/learner.hpp"
#include "regard/train/progress.hpp"
#include "regard/train/spec.hpp"

namespace regard::train {

/// What a finished run came to.
struct Outcome {
  int64_t step = 0;
  int64_t tokens = 0;
  double seconds = 0;  // of training, over all parts of a run that was resumed
  double tokens_per_second = 0;
  double train_loss = 0;  // mean of the last steps
  double valid_loss = 0;  // of the last evaluation, NaN without one
  double valid_accuracy = 0;
  double best_loss = 0;
  double best_accuracy = 0;
  std::map<std::string, double> best_scores;  // other metrics of the task, by name
  int64_t best_step = -1;
  double logit_deviation = 0;  // of the last evaluation, NaN without one or without classes
  int64_t peak_memory = 0;     // bytes, of this process
  std::string finished;        // "steps", "seconds" or "early stop"
};

/// Trains until the steps, the seconds or the patience of `spec` end it. In a folder opened to
/// resume, it goes on from last.safetensors to the same weights bit for bit (deterministic, same
/// machine and threads), from step 0 without one, and returns at once when the run is finished.
///
/// Throws InputError for a checkpoint of another recipe, RunError for a loss that is not finite and
/// for a full disk, and Interrupted after SIGINT, SIGTERM or SIGHUP, once the state is saved.
Outcome run(Learner& learner, Batches& batches, const Evaluation& evaluation, const Spec& spec,
            const run::Folder& folder, const run::Identity& identity,
            const ProgressCallback& progress = {});

/// Steps of a run by `spec`: its steps, or its epochs in batches; 0 when a time ends it.
int64_t total_steps(const Spec& spec, int64_t batches_per_epoch);

}  // namespace regard::train
