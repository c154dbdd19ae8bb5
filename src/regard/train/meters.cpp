#include "regard/train/meters.hpp"

#include <ATen/ops/stack.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <cmath>

#include "regard/run/machine.hpp"

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::train {

StepMeter::StepMeter(int64_t capacity, torch::Device device)
    : capacity_(capacity),
      ring_(torch::zeros({capacity, 2}, torch::dtype(torch::kFloat32).device(device))),
      bad_(torch::zeros({}, torch::dtype(torch::kFloat32).device(device))),
      bad_step_(torch::full({}, -1, torch::dtype(torch::kInt64).device(device))) {}

void StepMeter::note(const torch::Tensor& step, const torch::Tensor& loss,
                     const torch::Tensor& norm) {
  const torch::NoGradGuard no_grad;
  const auto row = at::stack({loss, norm});  // (2)
  ring_.index_copy_(0, step.remainder(capacity_).view({1}), row.view({1, 2}));
  // 0 * x is not 0 exactly for infinities and NaN.
  const auto wrong = row.sum().mul(0).ne(0);
  bad_step_.copy_(torch::where(wrong.logical_and(bad_step_.lt(0)), step, bad_step_));
  bad_.copy_(bad_step_.ge(0));
}

void StepMeter::note_parts(const torch::Tensor& step, const attention::NamedScalars& parts) {
  const torch::NoGradGuard no_grad;
  std::vector<std::string> names;
  std::vector<torch::Tensor> values;
  for (const auto& [name, value] : parts) {
    names.push_back(name);
    values.push_back(value);
  }
  if (names_.empty()) {
    names_ = names;
    parts_ = torch::zeros({capacity_, static_cast<int64_t>(names.size())}, ring_.options());
  }
  if (names != names_) {
    throw RunError("auxiliary losses: " + join(names_, ", ") +
                   " were expected, as in the first step, and " + join(names, ", ") + " came");
  }
  parts_.index_copy_(0, step.remainder(capacity_).view({1}), at::stack(values).view({1, -1}));
}

ops::StepRecord StepMeter::record(const torch::Tensor& step, const torch::Tensor& loss) const {
  return {.lr = {},
          .loss = loss,
          .step = step,
          .updates = {},
          .ring = ring_,
          .bad = bad_,
          .bad_step = bad_step_};
}

StepMeter::Reading StepMeter::read(int64_t first, int64_t last) const {
  Reading reading;
  reading.bad_step = bad_step_.item<int64_t>();
  if (reading.bad_step >= 0) last = std::min(last, reading.bad_step - 1);
  const auto ring = ring_.cpu();
  const float* data = ring.const_data_ptr<float>();
  for (const auto& name : names_) reading.parts.emplace_back(name, 0.0);
  const auto all_parts = parts_.defined() ? parts_.cpu() : torch::Tensor();
  const auto count = static_cast<int64_t>(names_.size());
  for (int64_t step = std::max(first, last - capacity_ + 1); step <= last; ++step) {
    reading.loss += data[2 * (step % capacity_)];
    reading.norm += data[2 * (step % capacity_) + 1];
    for (int64_t i = 0; i < count; ++i) {
      reading.parts[static_cast<std::size_t>(i)].second +=
          all_parts.const_data_ptr<float>()[count * (step % capacity_) + i];
    }
    ++reading.steps;
  }
  if (reading.steps > 0) {
    reading.loss /= static_cast<double>(reading.steps);
    reading.norm /= static_cast<double>(reading.steps);
    for (auto& [name, value] : reading.parts) value /= static_cast<double>(reading.steps);
  }
  return reading;
}

int64_t peak_memory(torch::Device device) {
  if (!device.is_cpu()) {
    const auto stats =
        at::getDeviceAllocator(device.type())
            ->getDeviceStats(device.has_index() ? device.index() : c10::DeviceIndex{0});
    return stats.allocated_bytes[0].peak;
  }
  return run::peak_memory();
}

}  // namespace regard::train
