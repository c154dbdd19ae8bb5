#include "regard/ops/step/set_scalars.hpp"

#include <algorithm>

#include "regard/kernels/cuda/built.hpp"
#include "regard/kernels/cuda/set_scalars.hpp"
#include "regard/ops/cuda.hpp"

namespace regard::ops {

void set_scalars(const std::vector<std::pair<torch::Tensor, double>>& scalars) {
  if (scalars.empty()) return;
  const auto& first = scalars[0].first;
  const bool fits = std::all_of(scalars.begin(), scalars.end(), [&](const auto& entry) {
    const auto& x = entry.first;
    return x.is_cuda() && x.device() == first.device() && x.numel() == 1 &&
           (x.scalar_type() == torch::kFloat || x.scalar_type() == torch::kLong);
  });
  if (fits && kernels::cuda::built() && scalars.size() <= kernels::cuda::kMostScalars) {
    const c10::DeviceGuard guard(first.device());
    std::vector<kernels::cuda::ScalarToSet> raw;
    for (const auto& [x, value] : scalars) {
      raw.push_back({x.mutable_data_ptr(), value, x.scalar_type() == torch::kLong});
    }
    return check_status(
        kernels::cuda::set_scalars(raw.data(), static_cast<int>(raw.size()), stream_of(first)),
        "set_scalars");
  }
  for (const auto& [x, value] : scalars) {
    if (x.scalar_type() == torch::kLong) {
      x.fill_(static_cast<int64_t>(value));
    } else {
      x.fill_(value);
    }
  }
}

}  // namespace regard::ops
