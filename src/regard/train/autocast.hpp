// bf16 inside a scope: matrix products run in bf16, sums and norms in fp32, weights stay fp32.
#pragma once

#include <torch/types.h>

namespace regard::train {

/// Does nothing with `enabled` false. Leaving the outermost scope drops the cast copies of the
/// weights.
class AutocastScope {
 public:
  AutocastScope(torch::DeviceType device, bool enabled);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  torch::DeviceType device_;
  bool enabled_, before_ = false;
  torch::ScalarType dtype_before_ = torch::kFloat32;
};

/// Asks PyTorch for algorithms with the same bits in every run until the scope ends.
class DeterministicScope {
 public:
  explicit DeterministicScope(bool enabled);
  ~DeterministicScope();
  DeterministicScope(const DeterministicScope&) = delete;
  DeterministicScope& operator=(const DeterministicScope&) = delete;

 private:
  bool before_, warn_only_before_, fill_before_;
};

}  // namespace regard::train
