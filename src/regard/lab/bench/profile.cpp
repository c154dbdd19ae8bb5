#include "regard/lab/bench/profile.hpp"

#include <ATen/DeviceAccelerator.h>
#include <ATen/Version.h>
#include <kineto/ActivityType.h>
#include <torch/csrc/autograd/profiler_kineto.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <system_error>

#include "regard/base/clock.hpp"
#include "regard/ops/step/wait.hpp"

namespace regard::lab {
namespace {
namespace kineto = torch::autograd::profiler;

using Kind = libkineto::ActivityType;

std::vector<Activity> activities_of(const kineto::ProfilerResult& result, bool kernels) {
  std::vector<Activity> found;
  for (const auto& event : result.events()) {
    const auto kind = static_cast<Kind>(event.activityType());
    const bool device =
        kind == Kind::CONCURRENT_KERNEL || kind == Kind::GPU_MEMCPY || kind == Kind::GPU_MEMSET;
    if (kernels ? !device : kind != Kind::CPU_OP) continue;
    found.push_back(
        {event.name(),
         kernels ? static_cast<uint64_t>(event.deviceResourceId()) : event.startThreadId(),
         static_cast<int64_t>(event.startNs()), static_cast<int64_t>(event.endNs())});
  }
  return found;
}

/// Prepared, started, stopped; ends the profiler on every way out, as the next recording would be
/// refused otherwise.
class Recording {
 public:
  explicit Recording(bool kernels) {
    if (kernels) of_.insert(kineto::ActivityType::CUDA);
    kineto::prepareProfiler(config_, of_);
  }
  ~Recording() {
    try {
      if (state_ == State::kPrepared) start();
      if (state_ == State::kStarted) stop();
    } catch (const c10::Error&) {  // the first error says more
    }
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  void start() {
    kineto::enableProfiler(config_, of_);
    state_ = State::kStarted;
  }
  std::unique_ptr<kineto::ProfilerResult> stop() {
    state_ = State::kStopped;
    return kineto::disableProfiler();
  }

 private:
  enum class State { kPrepared, kStarted, kStopped };
  const kineto::ProfilerConfig config_{kineto::ProfilerState::KINETO};
  std::set<kineto::ActivityType> of_ = {kineto::ActivityType::CPU};
  State state_ = State::kPrepared;
};

void record(const std::function<void()>& step, torch::Device device, Profile& profile) {
  Recording recording(profile.kernels);
  // The first launches after CUPTI was attached are slow. What ends before start() is not counted.
  step();
  ops::wait_for(device);
  recording.start();
  const double start = seconds_now();
  for (int64_t i = 0; i < profile.steps; ++i) step();
  ops::wait_for(device);
  const double wall = seconds_now() - start;
  const auto result = recording.stop();
  const auto activities = activities_of(*result, profile.kernels);
  result->save(profile.file);
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(profile.file, unknown)) {
    profile.note = "the trace could not be written to " + profile.file;
  }
  if (activities.empty()) {
    profile.note = profile.kernels
                       ? "the profiler saw no kernel: CUPTI could not be attached to this GPU"
                       : "the profiler saw no operator";
    return;
  }
  const auto steps = static_cast<double>(profile.steps);
  auto first = activities[0].start, last = activities[0].end;
  for (const auto& a : activities) {
    first = std::min(first, a.start);
    last = std::max(last, a.end);
  }
  profile.span = (profile.kernels ? 1e-9 * static_cast<double>(last - first) : wall) / steps;
  profile.busy = 1e-9 * static_cast<double>(busy_nanoseconds(activities)) / steps;
  profile.rows = sum_activities(activities, profile.steps, !profile.kernels);
  if (profile.kernels || profile.span <= profile.busy) return;
  const ProfileRow outside{"(outside of operators)", 1, profile.span - profile.busy};
  const auto shorter = [](const ProfileRow& a, const ProfileRow& b) {
    return a.seconds > b.seconds;
  };
  profile.rows.insert(std::upper_bound(profile.rows.begin(), profile.rows.end(), outside, shorter),
                      outside);
}

}  // namespace

std::string why_no_profiler() {
  if (at::get_cxx_flags().find("USE_KINETO") != std::string::npos) return "";
  return "this PyTorch was built without Kineto, its profiler";
}

std::string trace_file(const std::string& file, const std::string& words) {
  std::string clean;
  for (const char c : words) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
    if (plain) {
      clean += c;
    } else if (!clean.empty() && clean.back() != '-') {
      clean += '-';
    }
  }
  while (clean.ends_with('-')) clean.pop_back();
  const std::filesystem::path path(file);
  auto name = path.stem();
  name += "-" + clean;
  name += path.extension();
  return path.parent_path() / name;
}

std::vector<ProfileRow> sum_activities(std::vector<Activity> activities, int64_t steps,
                                       bool nested) {
  std::sort(activities.begin(), activities.end(), [](const Activity& a, const Activity& b) {
    if (a.lane != b.lane) return a.lane < b.lane;
    return a.start != b.start ? a.start < b.start : a.end > b.end;
  });
  std::map<std::string, ProfileRow> sums;
  std::vector<const Activity*> around;  // the calls that are open, the innermost last
  const double unit = 1e-9 / static_cast<double>(steps);
  for (const auto& a : activities) {
    const double seconds = unit * static_cast<double>(a.end - a.start);
    auto& sum = sums[a.name];
    sum.calls += 1;
    sum.seconds += seconds;
    if (!nested) continue;
    const auto is_over = [&](const Activity* b) { return b->lane != a.lane || b->end <= a.start; };
    while (!around.empty() && is_over(around.back())) around.pop_back();
    if (!around.empty()) sums[around.back()->name].seconds -= seconds;
    around.push_back(&a);
  }
  std::vector<ProfileRow> rows;
  for (auto& [name, row] : sums) {
    row.name = name;
    row.calls /= static_cast<double>(steps);
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ProfileRow& a, const ProfileRow& b) { return a.seconds > b.seconds; });
  return rows;
}

int64_t busy_nanoseconds(std::vector<Activity> activities) {
  std::sort(activities.begin(), activities.end(),
            [](const Activity& a, const Activity& b) { return a.start < b.start; });
  int64_t busy = 0, until = 0;
  for (const auto& a : activities) {
    busy += std::max<int64_t>(0, a.end - std::max(a.start, until));
    until = std::max(until, a.end);
  }
  return busy;
}

Profile profile_steps(const std::function<void()>& step, torch::Device device, int64_t steps,
                      const std::string& file) {
  Profile profile;
  profile.kernels = !device.is_cpu();
  profile.steps = steps;
  profile.file = file;
  // A CUDA graph does not survive that CUPTI is detached and attached again
  // (torch/profiler/profiler.py says so too).
  setenv("TEARDOWN_CUPTI", "0", /*overwrite=*/0);
  setenv("DISABLE_CUPTI_LAZY_REINIT", "1", /*overwrite=*/0);
  // On a machine without a GPU Kineto complains about that.
  if (!profile.kernels) setenv("KINETO_LOG_LEVEL", "5", /*overwrite=*/0);
  try {
    record(step, device, profile);
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    profile.note = "PyTorch's profiler refused: " + text.substr(0, text.find('\n'));
  }
  return profile;
}

}  // namespace regard::lab
