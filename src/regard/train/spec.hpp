// What a training run is told: the table [train] of a recipe. Defaults stand here and nowhere else.
#pragma once

#include <cstdint>
#include <string>

#include "regard/base/spec.hpp"

namespace regard::train {

struct Spec {
  int64_t steps = 1000;
  double epochs = 0;
  double seconds = 0;
  double lr = 1e-3;
  int64_t warmup = -1;
  std::string schedule = "cosine";
  double min_lr = 0;
  double weight_decay = 0.01;
  double l2 = 0;
  std::string decay = "matrices";
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double clip = 1;
  int64_t accumulate = 1;
  double ema = 0;
  int64_t eval_every = 0;
  int64_t checkpoint_every = 0;
  int64_t keep = 0;
  int64_t average = 0;
  std::string best = "loss";
  double min_delta = 0;
  int64_t early_stop = 0;
  int64_t log_every = 20;
  std::string dtype = "fp32";
  std::string deterministic = "auto";
  std::string capture = "auto";

  void visit(Visitor& f);
  /// Steps of warm-up in a run of `run_steps` (0: a time ends it): `warmup` as given, else 50 and
  /// at most a tenth of the run.
  int64_t warmup_steps(int64_t run_steps) const;
};

/// Throws InputError for a value that has no meaning, with its name and range.
void check(const Spec& spec);

}  // namespace regard::train
