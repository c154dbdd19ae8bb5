// Fair timing: contenders take turns on one device, so that a change of its clock meets all alike.
//
// On a GPU: events around the work, with 256 MB overwritten before each turn, so that no contender
// finds its input in the L2 cache and the first launch overlaps with that. On a CPU: wall time,
// caches as they are.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

namespace regard::lab {

struct TurnOptions {
  torch::Device device = torch::kCPU;
  int64_t repeat = 20;  // turns of each contender
  double seconds = 6;   // a contender whose turns took this long gets no more after the third
};

/// Seconds.
struct Timing {
  double median = 0, p20 = 0, p80 = 0;
  int64_t repeats = 0;
};
Timing summarise(std::vector<double> seconds);

struct Contender {
  std::function<void()> run;
  std::vector<double> seconds;  // one for each turn
  std::string failure;          // why it has no time: it does not fit in memory, PyTorch refuses it
  // On a GPU: bytes at the peak of the first runs beyond what was allocated before them; -1: not
  // measured.
  int64_t memory = -1;
};

/// Warms every contender up (at least 2 runs, or one of more than half a second), then lets them
/// take turns.
void take_turns(std::vector<Contender>& contenders, const TurnOptions& options);

/// One run, in seconds.
double time_once(const std::function<void()>& run, torch::Device device);

}  // namespace regard::lab
