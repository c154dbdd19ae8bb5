#include "regard/ops/attention/uniform.hpp"

#include <ATen/ops/empty.h>

#include "regard/base/philox.hpp"
#include "regard/ops/parallel.hpp"

namespace regard::ops {

torch::Tensor uniform(torch::IntArrayRef sizes, const DropoutKey& key, torch::Device device) {
  const auto step =
      key.step.defined() ? static_cast<uint64_t>(key.step.cpu().item<int64_t>()) : uint64_t{0};
  auto numbers = at::empty(sizes, torch::kFloat);
  auto* to = numbers.data_ptr<float>();
  const int64_t count = numbers.numel();
  // Above the sites of dropout, so that the two never share a number.
  const auto site = static_cast<uint32_t>(key.site) | 0x80000000u;
  parallel_for((count + 3) / 4, 2048, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const auto bits = philox(static_cast<uint64_t>(key.seed),
                               {static_cast<uint32_t>(block), site, static_cast<uint32_t>(step),
                                static_cast<uint32_t>(step >> 32)});
      for (int64_t i = 0; i < 4 && 4 * block + i < count; ++i) {
        const auto high = bits[static_cast<std::size_t>(i)] >> 9;  // 23 bits: exact with the half
        to[4 * block + i] = (static_cast<float>(high) + 0.5F) * 0x1.0p-23F;
      }
    }
  });
  return numbers.to(device);
}

}  // namespace regard::ops
