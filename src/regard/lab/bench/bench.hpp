// `regard bench`: attention alone and whole training steps, each beside its peers on the same input
// in the same run, against the machine's own ceilings and against float64.
// docs/evidence/speed-protocol.md has the protocol.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "regard/lab/bench/ceiling.hpp"
#include "regard/lab/bench/forms.hpp"
#include "regard/lab/bench/profile.hpp"
#include "regard/lab/bench/shape.hpp"
#include "regard/lab/bench/timer.hpp"
#include "regard/report/table.hpp"

namespace regard::lab {

/// The default plan: on a GPU softmax and hrr at the four large shapes; on a CPU, so that it ends
/// within a minute, hrr alone at `core` and the training step of both at `demo`.
struct BenchOptions {
  std::string test = "all";            // attention | step | all
  std::vector<std::string> shapes;     // none: the default plan of the device
  std::vector<std::string> attention;  // phrases; none: the default plan
  std::string device = "auto";
  std::string dtype;  // fp32 | bf16 | fp16; "": fp32 on a CPU, bf16 on a GPU
  int64_t repeat = 20;
  double seconds = 2;  // for one implementation in one row; three turns may take thrice that
  int64_t threads = 0;
  bool peers = true;  // without: ours alone, as a program that shares no turns is timed
  std::string trace;  // also profile our steps, after their turns, and write the trace to this file
};

/// One implementation in one test. Times in seconds.
struct BenchRow {
  std::string test;  // "forward", "forward + backward", "training step"
  BenchShape shape;
  std::string attention;       // canonical phrase
  std::string implementation;  // "regard", "PyTorch SDPA, dense", ...
  std::string kernel;          // what dispatch chose, by name
  Timing time;
  double ratio = report::kAbsent;  // median over turns of this time / regard's time
  double flops = 0, bytes = 0;     // of the algorithm, not of the implementation
  double floor = report::kAbsent;  // least time for them at the measured ceilings
  double error = report::kAbsent;  // |y - exact| / |exact| (step: of the loss), reduced size
  double gradient_error = report::kAbsent;
  int64_t parameters = 0;                // of the model, in a step
  int64_t memory = -1;                   // bytes, as Contender has it
  double other_cores = report::kAbsent;  // taken by other processes meanwhile
  std::string note;
  std::optional<Profile> profile;
};

struct BenchReport {
  std::vector<std::pair<std::string, std::string>> machine;
  std::string device, dtype;
  int64_t threads = 0;
  Ceiling ceiling;
  double ceiling_other_cores = report::kAbsent;
  std::vector<BenchRow> rows;
};

/// What one group of rows needs to know.
struct BenchSetting {
  torch::Device device = torch::kCPU;
  torch::ScalarType dtype = torch::kFloat;
  Ceiling ceiling;
  bool peers = true;
  TurnOptions turns;
  std::string trace;            // "": no profile
  bool several_traces = false;  // their files need names of their own
};

using Progress = std::function<void(const std::string&)>;

/// InputError for an unknown shape, phrase, dtype or device, and for a trace that cannot be, before
/// anything is measured.
BenchReport run_bench(const BenchOptions& options, const Progress& progress);

/// Forward, and forward with backward, of one phrase and its peers.
std::vector<BenchRow> bench_attention(const BenchSetting& setting, const BenchShape& shape,
                                      const attention::Phrase& phrase);

/// The training step of an encoder classifier (bytes, mean pool, 10 classes) and its peers.
std::vector<BenchRow> bench_step(const BenchSetting& setting, const BenchShape& shape,
                                 const attention::Phrase& phrase);

/// Times into one row an implementation: what all tests have in common.
std::vector<BenchRow> timed_rows(const std::vector<BenchRow>& rows,
                                 std::vector<Contender>& contenders, const TurnOptions& turns);

std::string dtype_name(torch::ScalarType dtype);

}  // namespace regard::lab
