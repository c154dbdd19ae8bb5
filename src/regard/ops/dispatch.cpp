#include "regard/ops/dispatch.hpp"

#include <ATen/DeviceAccelerator.h>

#include <fstream>
#include <limits>
#include <mutex>
#include <set>
#include <utility>

#include "regard/base/error.hpp"

namespace regard::ops {
namespace {
std::mutex ran_mutex;
std::set<std::string> ran;
thread_local std::string forced;

std::string reasons(const std::vector<Candidate>& candidates) {
  std::string text;
  for (const auto& c : candidates) {
    if (!text.empty()) text += "; ";
    text += c.name + ": " + (c.support.ok ? "would do" : c.support.why);
  }
  return text;
}
}  // namespace

std::size_t choose(std::vector<Candidate>& candidates, const std::string& force,
                   const std::string& what) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    auto& candidate = candidates[i];
    if (force.empty() ? candidate.support.ok : candidate.name == force) {
      if (!candidate.support.ok) break;
      candidate.chosen = true;
      return i;
    }
  }
  throw InputError(what + ": no kernel" + (force.empty() ? "" : " named \"" + force + "\"") +
                   " can do this; " + reasons(candidates));
}

void record_kernel(const std::string& name) {
  const std::lock_guard lock(ran_mutex);
  ran.insert(name);
}

std::vector<std::string> kernels_that_ran() {
  const std::lock_guard lock(ran_mutex);
  return {ran.begin(), ran.end()};
}

ForceKernel::ForceKernel(std::string name) : before_(std::exchange(forced, std::move(name))) {}
ForceKernel::~ForceKernel() { forced = before_; }
const std::string& forced_kernel() { return forced; }

double free_bytes(torch::DeviceType device) {
  if (device == torch::kCUDA) {
    if (at::accelerator::deviceCount() == 0) return std::numeric_limits<double>::infinity();
    return static_cast<double>(at::accelerator::getMemoryInfo(0).first);
  }
  std::ifstream in("/proc/meminfo");
  std::string key, unit;
  double kib = 0;
  while (in >> key >> kib >> unit) {
    if (key == "MemAvailable:") return kib * 1024;
  }
  return 16e9;
}

}  // namespace regard::ops
