// Waiting for a device, for who measures times.
#pragma once

#include <ATen/DeviceAccelerator.h>
#include <c10/core/Device.h>

#include <algorithm>

namespace regard::ops {

/// Returns once all work given to the device so far is done.
inline void wait_for(c10::Device device) {
  if (device.is_cpu()) return;
  at::accelerator::synchronizeDevice(std::max<c10::DeviceIndex>(device.index(), 0));
}

}  // namespace regard::ops
