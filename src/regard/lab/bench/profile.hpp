// Where the time of a training step goes: PyTorch's profiler (Kineto) over a few steps. On a GPU
// kernel by kernel, those of a recorded CUDA graph too; on a CPU operator by operator.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "regard/report/table.hpp"

namespace regard::lab {

/// A kernel or an operator in one step: the mean over the steps that were recorded.
struct ProfileRow {
  std::string name;  // whole, as the compiler knows it
  double calls = 0, seconds = 0;
};

struct Profile {
  bool kernels =
      false;  // of a GPU, with copies and fills; else operators, each without those that it calls
  int64_t steps = 0;
  // Seconds a step: on a GPU from the first kernel to the end of the last, and how long at least
  // one ran; on a CPU wall time, and how long at least one operator ran. There the rest is a row of
  // its own.
  double span = 0, busy = 0;
  std::vector<ProfileRow> rows;  // the longest first
  std::string file;              // the trace, for chrome://tracing or Perfetto
  std::string note;              // why there is nothing
};

/// "" when this PyTorch can record, else why not.
std::string why_no_profiler();

/// `file`, with "-<words>" before its ending and only letters, digits, "-", "_" and "." in the
/// words.
std::string trace_file(const std::string& file, const std::string& words);

/// Runs `step`, which is warm, once more and then exactly `steps` times under the profiler, and
/// writes the trace.
/// What PyTorch refuses and a file that is not written become a note: times that were measured
/// before are kept.
Profile profile_steps(const std::function<void()>& step, torch::Device device, int64_t steps,
                      const std::string& file);

/// One activity of a thread or a stream.
struct Activity {
  std::string name;
  uint64_t lane = 0;           // thread; stream
  int64_t start = 0, end = 0;  // nanoseconds
};

/// Sums by name over `steps` steps, the longest first. `nested`: what runs inside another of the
/// same lane is taken from that one's time.
std::vector<ProfileRow> sum_activities(std::vector<Activity> activities, int64_t steps,
                                       bool nested);

/// Nanoseconds in which at least one ran.
int64_t busy_nanoseconds(std::vector<Activity> activities);

/// "void regard::kernels::cuda::(anonymous namespace)::bind<32>(int)" -> "regard::bind<32>", of at
/// most 72 characters.
std::string short_name(const std::string& name);

/// Steps, span and trace, and what went wrong, in one or two sentences.
std::string profile_sentence(const Profile& profile);

/// The longest rows, the rest as one, and the total.
report::Table profile_table(const Profile& profile);

}  // namespace regard::lab
