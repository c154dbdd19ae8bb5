#include "regard/attention/projections/keyvalue.hpp"

#include "regard/ops/block/linear.hpp"

namespace regard::attention::projections {
using torch::Tensor;

namespace {

// x (B, T, H) times the matrix at `at`: (B, h, T, d).
Tensor product(const Parameters& p, std::size_t at, const Size& size, const Tensor& x) {
  const auto y = ops::linear(x, p[at], size.bias ? p[at + 1] : Tensor());
  return y.view({x.size(0), x.size(1), size.heads, size.head_width}).transpose(1, 2);
}

std::size_t after_query(const Size& size) { return !size.uses.q ? 0 : size.bias ? 2 : 1; }

}  // namespace

std::vector<ParameterSpec> KeyValueShared::parameters(const Size& size) const {
  const int64_t rows = size.heads * size.head_width;
  std::vector<ParameterSpec> specs;
  const auto add = [&](const std::string& name) {
    specs.push_back({name + ".weight", {rows, size.model_width}});
    if (size.bias) specs.push_back({name + ".bias", {rows}});
  };
  if (size.uses.q) add("q");
  add("kv");
  return specs;
}

Qkv KeyValueShared::all(const Parameters& p, const Size& size, const Tensor& x) const {
  const auto kv = key_value(p, size, x);
  return {query(p, size, x), kv.k, kv.v};
}

Tensor KeyValueShared::query(const Parameters& p, const Size& size, const Tensor& x) const {
  return size.uses.q ? product(p, 0, size, x) : Tensor();
}

KeyValue KeyValueShared::key_value(const Parameters& p, const Size& size,
                                   const Tensor& memory) const {
  const auto kv = product(p, after_query(size), size, memory);
  return {size.uses.k ? kv : Tensor(), size.uses.v ? kv : Tensor()};
}

std::unique_ptr<Projection> make_keyvalue() { return std::make_unique<KeyValueShared>(); }

}  // namespace regard::attention::projections
