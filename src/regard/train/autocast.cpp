#include "regard/train/autocast.hpp"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

namespace regard::train {

AutocastScope::AutocastScope(torch::DeviceType device, bool enabled)
    : device_(device), enabled_(enabled) {
  if (!enabled_) return;
  before_ = at::autocast::is_autocast_enabled(device_);
  dtype_before_ = at::autocast::get_autocast_dtype(device_);
  at::autocast::set_autocast_dtype(device_, torch::kBFloat16);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope() {
  if (!enabled_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, before_);
  at::autocast::set_autocast_dtype(device_, dtype_before_);
}

DeterministicScope::DeterministicScope(bool enabled)
    : before_(at::globalContext().deterministicAlgorithms()),
      warn_only_before_(at::globalContext().deterministicAlgorithmsWarnOnly()),
      fill_before_(at::globalContext().deterministicFillUninitializedMemory()) {
  if (!enabled) return;
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  // Filling fresh memory finds faults in operators and costs time; it changes no result of a right
  // one.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
}

DeterministicScope::~DeterministicScope() {
  at::globalContext().setDeterministicAlgorithms(before_, warn_only_before_);
  at::globalContext().setDeterministicFillUninitializedMemory(fill_before_);
}

}  // namespace regard::train
