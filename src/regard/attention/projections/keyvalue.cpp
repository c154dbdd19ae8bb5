#include "regard/attention/projections/keyvalue.hpp"

#include <ATen/ops/cat.h>

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

Parameters KeyValueShared::expand(const Parameters& p, const Size& size) const {
  const auto at = after_query(size);
  Parameters out;
  for (std::size_t i = 0; i < (size.bias ? 2 : 1); ++i) {
    std::vector<Tensor> parts;
    if (size.uses.q) parts.push_back(p[i]);
    if (size.uses.k) parts.push_back(p[at + i]);
    if (size.uses.v) parts.push_back(p[at + i]);
    out.push_back(at::cat(parts));
  }
  return out;
}

int64_t KeyValueShared::kept(const Size& size) const { return size.heads * size.head_width; }

Extension KeyValueShared::extend(const Parameters& p, const Size& size, const Tensor& x) const {
  return {query(p, size, x), {product(p, after_query(size), size, x)}};
}

KeyValue KeyValueShared::read(const Parameters&, const Size& size,
                              const std::vector<Tensor>& rows) const {
  return {size.uses.k ? rows[0] : Tensor(), size.uses.v ? rows[0] : Tensor()};
}

std::unique_ptr<Projection> make_keyvalue() { return std::make_unique<KeyValueShared>(); }

}  // namespace regard::attention::projections
