#include "regard/attention/positions.hpp"

#include <ATen/ops/stack.h>

namespace regard::attention {
using torch::Tensor;

Tensor Positions::map(const Tensor& x, int64_t) const { return x; }

Tensor Positions::map_packed(const Tensor& qkv) const {
  const auto mapped = [&](int64_t part) {
    return map(qkv.select(2, part).transpose(1, 2), 0).transpose(1, 2);
  };
  return at::stack({mapped(0), mapped(1), qkv.select(2, 2)}, 2);
}

Tensor Positions::bias(int64_t, int64_t, const torch::TensorOptions&) const { return {}; }

}  // namespace regard::attention
