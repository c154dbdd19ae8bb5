#include "regard/lab/bench/timer.hpp"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Event.h>

#include <algorithm>

#include "regard/base/clock.hpp"

namespace regard::lab {
namespace {

constexpr int64_t kFlushBytes = 256 << 20;

double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const auto high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

double total(const std::vector<double>& seconds) {
  double sum = 0;
  for (const double s : seconds) sum += s;
  return sum;
}

/// What a failed run says to a person: the first sentence, without C++ frames.
std::string sentence(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) return "does not fit in memory";
  const std::string text = error.what_without_backtrace();
  return text.substr(0, text.find('\n'));
}

void guarded(Contender& contender, const std::function<void()>& work) {
  try {
    work();
  } catch (const c10::Error& error) {
    contender.failure = sentence(error);
    contender.seconds.clear();
    contender.run = {};  // frees what it holds
    if (at::isAccelerator(torch::kCUDA)) at::accelerator::emptyCache();
  }
}

struct Allocated {
  int64_t now = 0, peak = 0;
};

Allocated allocated(torch::Device device) {
  const auto index = std::max<c10::DeviceIndex>(device.index(), 0);
  const auto bytes =
      at::getDeviceAllocator(device.type())->getDeviceStats(index).allocated_bytes[0];
  return {bytes.current, bytes.peak};
}

void warm_up(Contender& contender, torch::Device device) {
  const bool gpu = !device.is_cpu();
  if (gpu) {
    at::getDeviceAllocator(device.type())
        ->resetPeakStats(std::max<c10::DeviceIndex>(device.index(), 0));
  }
  const int64_t before = gpu ? allocated(device).now : 0;
  for (int i = 0; i < 3; ++i) {
    if (time_once(contender.run, device) > 0.5) break;
  }
  // What time_once overwrites lives as long as the run.
  if (gpu) contender.memory = allocated(device).peak - before - kFlushBytes;
}

}  // namespace

double time_once(const std::function<void()>& run, torch::Device device) {
  if (device.is_cpu()) {
    const double start = seconds_now();
    run();
    return seconds_now() - start;
  }
  auto flush = torch::empty({kFlushBytes}, torch::dtype(torch::kChar).device(device));
  c10::Event begin(device.type(), c10::EventFlag::BACKEND_DEFAULT);
  c10::Event end(device.type(), c10::EventFlag::BACKEND_DEFAULT);
  const auto index = std::max<c10::DeviceIndex>(device.index(), 0);
  const auto stream = at::accelerator::getCurrentStream(index);
  at::accelerator::synchronizeDevice(index);
  flush.zero_();
  begin.record(stream);
  run();
  end.record(stream);
  at::accelerator::synchronizeDevice(index);
  return begin.elapsedTime(end) * 1e-3;
}

Timing summarise(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  std::sort(seconds.begin(), seconds.end());
  return {quantile(seconds, 0.5), quantile(seconds, 0.2), quantile(seconds, 0.8),
          static_cast<int64_t>(seconds.size())};
}

void take_turns(std::vector<Contender>& contenders, const TurnOptions& options) {
  for (auto& c : contenders) {
    guarded(c, [&] { warm_up(c, options.device); });
  }
  for (int64_t turn = 0; turn < options.repeat; ++turn) {
    for (auto& c : contenders) {
      const double spent = total(c.seconds);
      const double limit = turn < 3 ? 3 * options.seconds : options.seconds;
      if (!c.run || spent > limit) continue;
      guarded(c, [&] { c.seconds.push_back(time_once(c.run, options.device)); });
    }
  }
}

}  // namespace regard::lab
