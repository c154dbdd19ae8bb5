// Small products in fp32 where the rest of a model runs under autocast: casts of a head cost more
// launches than its products.
#pragma once

#include <ATen/autocast_mode.h>
#include <torch/types.h>

namespace regard::nn {

/// Switches autocast off on the device of a tensor until the scope ends.
class FullPrecision {
 public:
  explicit FullPrecision(const torch::Tensor& x)
      : device_(x.device().type()), before_(at::autocast::is_autocast_enabled(device_)) {
    at::autocast::set_autocast_enabled(device_, false);
  }
  ~FullPrecision() { at::autocast::set_autocast_enabled(device_, before_); }
  FullPrecision(const FullPrecision&) = delete;
  FullPrecision& operator=(const FullPrecision&) = delete;

 private:
  torch::DeviceType device_;
  bool before_;
};

}  // namespace regard::nn
