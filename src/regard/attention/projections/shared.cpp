#include "regard/attention/projections/shared.hpp"

#include "regard/ops/block/linear.hpp"

namespace regard::attention::projections {
using torch::Tensor;

std::vector<ParameterSpec> Shared::parameters(const Size& size) const {
  const int64_t rows = size.heads * size.head_width;
  std::vector<ParameterSpec> specs = {{"shared.weight", {rows, size.model_width}}};
  if (size.bias) specs.push_back({"shared.bias", {rows}});
  if (form == "plain") return specs;
  if (size.uses.q) specs.push_back({"query", {rows}, Start::kOnes});
  if (size.uses.k) specs.push_back({"key", {rows}, Start::kOnes});
  if (size.uses.v) specs.push_back({"value", {rows}, Start::kOnes});
  return specs;
}

Qkv Shared::some(const Parameters& p, const Size& size, const Tensor& x, const Uses& uses) const {
  const auto s = ops::linear(x, p[0], size.bias ? p[1] : Tensor());  // (B, T, h d)
  std::size_t next = size.bias ? 2 : 1;
  const auto part = [&](bool is_parameter, bool wanted) -> Tensor {
    const bool scaled = is_parameter && form != "plain";
    const auto at = scaled ? next++ : 0;
    if (!wanted) return {};
    const auto y = scaled ? s * p[at].to(s.scalar_type()) : s;
    return y.view({x.size(0), x.size(1), size.heads, size.head_width}).transpose(1, 2);
  };
  Qkv out;
  out.q = part(size.uses.q, uses.q);
  out.k = part(size.uses.k, uses.k);
  out.v = part(size.uses.v, uses.v);
  return out;
}

Qkv Shared::all(const Parameters& p, const Size& size, const Tensor& x) const {
  return some(p, size, x, size.uses);
}

Tensor Shared::query(const Parameters& p, const Size& size, const Tensor& x) const {
  return some(p, size, x, {size.uses.q, false, false}).q;
}

KeyValue Shared::key_value(const Parameters& p, const Size& size, const Tensor& memory) const {
  const auto made = some(p, size, memory, {false, size.uses.k, size.uses.v});
  return {made.k, made.v};
}

std::unique_ptr<Projection> make_shared() { return std::make_unique<Shared>(); }

}  // namespace regard::attention::projections
