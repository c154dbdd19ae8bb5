#include "regard/lab/bench/ceiling.hpp"

#include <ATen/ops/matmul.h>

#include <algorithm>

#include "regard/lab/bench/timer.hpp"

namespace regard::lab {
namespace {

double median_of(const std::function<void()>& run, torch::Device device) {
  std::vector<Contender> one{{run, {}, {}}};
  take_turns(one, {.device = device, .repeat = 11, .seconds = 2});
  return summarise(one[0].seconds).median;
}

}  // namespace

Ceiling measure_ceiling(torch::Device device, torch::ScalarType dtype) {
  const torch::NoGradGuard no_grad;
  const auto options = torch::dtype(dtype).device(device);
  const bool half = c10::elementSize(dtype) == 2;
  const int64_t n = device.is_cpu() ? 1536 : half ? 8192 : 4096;
  const auto a = torch::randn({n, n}, options), b = torch::randn({n, n}, options);
  auto c = torch::empty({n, n}, options);
  const double product = median_of([&] { at::matmul_out(c, a, b); }, device);

  const int64_t count = (device.is_cpu() ? int64_t{256} : int64_t{1024}) << 20;
  const auto from = torch::ones({count}, torch::dtype(torch::kChar).device(device));
  auto to = torch::empty_like(from);
  const double copy = median_of([&] { to.copy_(from); }, device);
  const auto size = static_cast<double>(n);
  return {2 * size * size * size / product, 2 * static_cast<double>(count) / copy};
}

double floor_together(const Ceiling& ceiling, double flops, double bytes) {
  return std::max(flops / ceiling.flops_per_second, bytes / ceiling.bytes_per_second);
}

double floor_in_turn(const Ceiling& ceiling, double flops, double bytes) {
  return flops / ceiling.flops_per_second + bytes / ceiling.bytes_per_second;
}

}  // namespace regard::lab
