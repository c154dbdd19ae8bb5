// Constants of the host on a device, copied once: a step that copies from the host cannot be
// recorded.
#pragma once

#include <torch/types.h>

#include <map>
#include <mutex>

namespace regard::ops {

/// make(n) for each n, made once and kept as long as this lives; from any thread.
class MadeOnce {
 public:
  explicit MadeOnce(torch::Tensor (*make)(int64_t)) : make_(make) {}
  torch::Tensor operator()(int64_t n);

 private:
  torch::Tensor (*make_)(int64_t);
  std::mutex mutex_;
  std::map<int64_t, torch::Tensor> made_;
};

/// constant.to(options), kept until the process ends. For tensors that live as long and never
/// change, such as attention::fourier_basis.
torch::Tensor kept_constant(const torch::Tensor& constant, const torch::TensorOptions& options);

}  // namespace regard::ops
