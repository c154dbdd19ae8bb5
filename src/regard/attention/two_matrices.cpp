#include "regard/attention/two_matrices.hpp"

#include "regard/ops/block/linear.hpp"

namespace regard::attention {
using torch::Tensor;

std::vector<ParameterSpec> two_matrices(const std::string& name, const Size& size, bool first) {
  const int64_t rows = (first ? 2 : 1) * size.heads * size.head_width;
  std::vector<ParameterSpec> specs = {{name + ".weight", {rows, size.model_width}}};
  if (size.bias) specs.push_back({name + ".bias", {rows}});
  return specs;
}

Two project_two(const Parameters& p, const Size& size, const Tensor& x, Wanted held,
                Wanted wanted) {
  wanted.first = wanted.first && held.first;
  wanted.second = wanted.second && held.second;
  const int64_t inner = size.heads * size.head_width;
  const int64_t count = (wanted.first ? 1 : 0) + (wanted.second ? 1 : 0);
  if (count == 0) return {};
  auto weight = p[0], bias = size.bias ? p[1] : Tensor();
  if (weight.size(0) != count * inner) {
    const int64_t from = wanted.first ? 0 : weight.size(0) - inner;
    weight = weight.narrow(0, from, inner);
    if (bias.defined()) bias = bias.narrow(0, from, inner);
  }
  const auto y =
      ops::linear(x, weight, bias).view({x.size(0), x.size(1), count, size.heads, size.head_width});
  const auto part = [&](int64_t i) { return y.select(2, i).transpose(1, 2); };
  Two out;
  if (wanted.first) out.first = part(0);
  if (wanted.second) out.second = part(count - 1);
  return out;
}

}  // namespace regard::attention
