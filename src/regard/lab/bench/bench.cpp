#include "regard/lab/bench/bench.hpp"

#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <filesystem>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/bench/load.hpp"
#include "regard/lab/machine.hpp"
#include "regard/ops/step/device_graph.hpp"

namespace regard::lab {
namespace {

torch::ScalarType dtype_of(const std::string& name, torch::Device device) {
  if (name.empty()) return device.is_cpu() ? torch::kFloat : torch::kBFloat16;
  if (name == "fp32") return torch::kFloat;
  if (name == "bf16") return torch::kBFloat16;
  if (name == "fp16") return torch::kHalf;
  throw InputError("--dtype: fp32, bf16 or fp16 was expected, and " + name + " came");
}

struct Job {
  bool step = false;
  BenchShape shape;
  attention::Phrase phrase;
};

std::vector<std::string> default_shapes(bool step, torch::Device device) {
  if (device.is_cpu()) return {step ? "demo" : "core"};
  return {"text", "image", "bytes16k", "bytes131k"};
}

/// Dense attention over the 16384 tokens of `core` takes a CPU minutes; as the peer of hrr it has
/// three turns.
std::vector<std::string> default_phrases(bool step, torch::Device device) {
  if (device.is_cpu() && !step) return {"hrr"};
  return {"softmax", "hrr"};
}

std::vector<Job> plan(const BenchOptions& options, torch::Device device) {
  if (options.test != "attention" && options.test != "step" && options.test != "all") {
    throw InputError("--case: attention, step or all was expected, and " + options.test + " came");
  }
  std::vector<Job> jobs;
  for (const bool step : {false, true}) {
    if (options.test != "all" && (options.test == "step") != step) continue;
    const auto shapes = options.shapes.empty() ? default_shapes(step, device) : options.shapes;
    const auto phrases =
        options.attention.empty() ? default_phrases(step, device) : options.attention;
    for (const auto& shape : shapes) {
      for (const auto& text : phrases) {
        jobs.push_back({step, parse_shape(shape), attention::parse_phrase(text)});
      }
    }
  }
  return jobs;
}

double median_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) ratios.push_back(a[i] / b[i]);
  return ratios.empty() ? report::kAbsent : summarise(ratios).median;
}

/// Before anything is measured: a trace that cannot be written would cost the whole run.
void check_trace(const BenchOptions& options) {
  if (options.trace.empty()) return;
  if (options.test == "attention") {
    throw InputError("--trace: training steps are recorded; take --case step");
  }
  const auto folder = std::filesystem::absolute(options.trace).parent_path();
  if (!std::filesystem::is_directory(folder) || std::filesystem::is_directory(options.trace)) {
    throw InputError("--trace " + options.trace + ": a file in an existing folder was expected");
  }
  const auto why = why_no_profiler();
  if (!why.empty()) throw InputError("--trace: " + why);
}

/// Ours in all steps together: where a step can be recorded it is also run as it is.
int64_t count_traces(const std::vector<Job>& jobs, torch::Device device) {
  const auto steps =
      std::count_if(jobs.begin(), jobs.end(), [](const Job& job) { return job.step; });
  return steps * (ops::can_record(device.type()).ok ? 2 : 1);
}

}  // namespace

std::string dtype_name(torch::ScalarType dtype) {
  return dtype == torch::kFloat ? "fp32" : dtype == torch::kHalf ? "fp16" : "bf16";
}

std::vector<BenchRow> timed_rows(const std::vector<BenchRow>& rows,
                                 std::vector<Contender>& contenders, const TurnOptions& turns) {
  const OtherLoad load;
  take_turns(contenders, turns);
  const double other_cores = load.cores();
  auto timed = rows;
  for (std::size_t i = 0; i < timed.size(); ++i) {
    timed[i].time = summarise(contenders[i].seconds);
    timed[i].ratio = median_ratio(contenders[i].seconds, contenders[0].seconds);
    timed[i].other_cores = other_cores;
    timed[i].note = contenders[i].failure;
    timed[i].memory = contenders[i].memory;
  }
  return timed;
}

BenchReport run_bench(const BenchOptions& options, const Progress& progress) {
  if (options.repeat < 1) throw InputError("--repeat: 1 or more was expected");
  set_threads(options.threads);
  BenchSetting setting;
  setting.device = choose_device(options.device);
  setting.dtype = dtype_of(options.dtype, setting.device);
  setting.peers = options.peers;
  setting.turns = {setting.device, options.repeat, options.seconds};
  const auto jobs = plan(options, setting.device);
  if (setting.dtype == torch::kHalf && options.test != "attention") {
    throw InputError("--dtype fp16: training steps run in fp32 or bf16; take --case attention");
  }
  check_trace(options);
  setting.trace = options.trace;
  setting.several_traces = count_traces(jobs, setting.device) > 1;

  BenchReport report;
  report.machine = environment(setting.device);
  report.device = device_name(setting.device);
  report.dtype = dtype_name(setting.dtype);
  report.threads = at::get_num_threads();
  progress("ceilings of " + report.device + ", " + report.dtype);
  const OtherLoad load;
  report.ceiling = setting.ceiling = measure_ceiling(setting.device, setting.dtype);
  report.ceiling_other_cores = load.cores();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& job = jobs[i];
    progress(std::to_string(i + 1) + "/" + std::to_string(jobs.size()) + " " +
             (job.step ? "training step" : "attention") + ", " + job.shape.name + ", " +
             job.phrase.canonical);
    // A recording cannot free what the job before it left in the allocator.
    if (!setting.device.is_cpu()) at::accelerator::emptyCache();
    const auto rows = job.step ? bench_step(setting, job.shape, job.phrase)
                               : bench_attention(setting, job.shape, job.phrase);
    report.rows.insert(report.rows.end(), rows.begin(), rows.end());
  }
  return report;
}

}  // namespace regard::lab
