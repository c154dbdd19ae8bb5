// A checkpoint: one safetensors file whose rename is the only commit point.
//
//   model.<p>   optimizer.step, optimizer.exp_avg.<p>, optimizer.exp_avg_sq.<p>   ema.<p>
//   rng.seed, rng.step
//
// State and identity are in the metadata, as run/checkpoint.hpp says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>

#include "regard/run/checkpoint.hpp"
#include "regard/train/safetensors.hpp"

namespace regard::train {

/// What a run has come to, besides its tensors.
struct RunState {
  int64_t step = 0;        // updates done
  int64_t position = 0;    // index of the next batch
  int64_t tokens = 0;      // trained on
  int64_t evaluated = 0;   // step of the last evaluation
  int64_t best_step = -1;  // -1: no evaluation yet
  double best_loss = 0;
  double best_accuracy = 0;
  double valid_loss = 0;  // of the last evaluation
  double valid_accuracy = 0;
  double logit_deviation = std::numeric_limits<double>::quiet_NaN();  // of the last evaluation
  std::map<std::string, double> best_scores;   // other metrics, by name, where the best is
  std::map<std::string, double> valid_scores;  // of the last evaluation
  int64_t stale = 0;                           // evaluations since the best
  std::string finished;                        // why the run ended; empty while it goes on
};

enum class Content { kEverything, kWeights };

/// Writes `tensors` (of TrainStep::state) and `state`; kWeights leaves out optimizer and rng.
void save_checkpoint(const std::filesystem::path& path, const NamedTensors& tensors,
                     const RunState& state, const run::Identity& identity, Content content);

struct Checkpoint {
  RunState state;
  std::map<std::string, torch::Tensor> tensors;
};

/// InputError when the file is damaged, of another version, or of another recipe or seed.
Checkpoint load_checkpoint(const std::filesystem::path& path, const run::Identity& identity);

}  // namespace regard::train
