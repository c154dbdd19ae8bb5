// Constants of the host on a device, copied once: a step that copies from the host cannot be recorded.
#pragma once

#include <torch/types.h>

namespace regard::ops {

/// constant.to(options), kept until the process ends. For tensors that live as long and never change, such as
/// attention::fourier_basis.
torch::Tensor kept_constant(const torch::Tensor& constant, const torch::TensorOptions& options);

}  // namespace regard::ops
